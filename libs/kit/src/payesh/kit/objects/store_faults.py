"""Translation of an S3 client's errors: a missing object, a store that is away, or a defect."""

import urllib3
from minio.error import InvalidResponseError, S3Error, ServerError

from payesh.contracts.values import ObjectReference
from payesh.kit.errors import ObjectMissing, PayeshError, StoreUnavailable

_MISSING = {"NoSuchKey", "NoSuchVersion", "NoSuchObject", "NotFound"}
# Codes that blame the request. All others (credentials, clock, rights, a missing bucket, a busy
# store) blame the store or its configuration, and the message waits.
_BAD_REQUEST = {
    "EntityTooLarge", "EntityTooSmall", "InvalidArgument", "InvalidRange", "InvalidRequest",
    "KeyTooLongError", "MalformedXML", "MethodNotAllowed", "InvalidRetentionPeriod",
    "XMinioInvalidObjectName",
}  # fmt: skip


def is_missing(error: S3Error) -> bool:
    """Whether the object, or that version of it, does not exist."""
    return error.code in _MISSING


def store_fault(error: Exception, reference: ObjectReference | None) -> PayeshError | None:
    """The error as ObjectMissing or StoreUnavailable; None when the request itself is at fault.

    `reference` is the object that was asked for, where there is one.
    """
    if isinstance(error, S3Error):
        if is_missing(error):
            return None if reference is None else ObjectMissing(reference)
        return None if error.code in _BAD_REQUEST else StoreUnavailable(error.code or "")
    if isinstance(
        error,
        urllib3.exceptions.HTTPError
        | ServerError
        | InvalidResponseError
        | ConnectionError
        | TimeoutError,
    ):
        return StoreUnavailable(type(error).__name__)
    return None
