"""The buckets of the object store: retention, object lock, and the rights of each service."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.error import S3Error
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from minio.versioningconfig import VersioningConfig

from payesh.local.engines.s3_client import s3_client

_ALREADY_THERE = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


@dataclass(frozen=True)
class Bucket:
    """`expires_after_days` counts from the upload; None means no expiry."""

    name: str
    expires_after_days: int | None = None
    versioned: bool = False
    object_lock: bool = False


BUCKETS = (
    # 72 hours, longer than the join's deadline. Not versioned: an expiry must free the disk.
    Bucket("segments", expires_after_days=3),
    # Pseudonymisation removes a shot earlier; this catches what it missed.
    Bucket("shots", expires_after_days=30),
    # Locking can only be switched on when a bucket is made, and implies versions.
    Bucket("evidence", versioned=True, object_lock=True),
    # Signed tree heads of the audit log, out of reach of who administers its database.
    Bucket("audit-heads", versioned=True, object_lock=True),
    Bucket("recordings", expires_after_days=30),
    # Measurements rest on them: no expiry, and an overwritten version stays.
    Bucket("revisions", versioned=True),
    # Overwritten every few seconds: versions of it would only fill the disk.
    Bucket("checkpoints", expires_after_days=7),
)


class Right(StrEnum):
    READ = "read"
    WRITE = "write"
    REMOVE = "remove"


_READ = frozenset({Right.READ})
_APPEND = frozenset({Right.READ, Right.WRITE})
_ALL = frozenset(Right)

Entitlements = Mapping[str, Mapping[str, frozenset[Right]]]  # service -> bucket -> rights

ENTITLEMENTS: Entitlements = {
    "ingest": {"segments": _APPEND, "recordings": _ALL, "revisions": _APPEND},
    "detect": {
        "segments": _READ,
        "recordings": _READ,
        "revisions": _READ,
        "shots": _APPEND,
        "checkpoints": _ALL,
    },
    "plates": {"shots": _READ},
    "access": {"audit-heads": _APPEND},
    "tickets": {"segments": _READ, "shots": _READ, "revisions": _READ, "evidence": _APPEND},
}

_OBJECT_ACTIONS: Mapping[Right, tuple[str, ...]] = {
    Right.READ: (
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:GetObjectRetention",
        "s3:GetObjectLegalHold",
    ),
    Right.WRITE: (
        "s3:PutObject",
        "s3:PutObjectRetention",
        "s3:PutObjectLegalHold",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
    ),
    Right.REMOVE: ("s3:DeleteObject",),
}
_BUCKET_ACTIONS = (
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:GetBucketLocation",
    "s3:GetBucketVersioning",
    "s3:GetBucketObjectLockConfiguration",
)


def policy(rights: Mapping[str, frozenset[Right]]) -> str:
    """An IAM policy document (JSON) of exactly these rights, bucket by bucket.

    Nothing in it bypasses governance retention or changes a bucket's own settings.
    """
    statements = []
    for bucket, granted in sorted(rights.items()):
        objects = [action for right in sorted(granted) for action in _OBJECT_ACTIONS[right]]
        statements += [
            _allow(list(_BUCKET_ACTIONS), f"arn:aws:s3:::{bucket}"),
            _allow(objects, f"arn:aws:s3:::{bucket}/*"),
        ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _allow(actions: list[str], resource: str) -> dict[str, object]:
    return {"Effect": "Allow", "Action": actions, "Resource": [resource]}


def create_buckets(
    endpoint: str,
    access_key: str,
    secret_key: str,
    secure: bool = False,
    buckets: Iterable[Bucket] = BUCKETS,
) -> None:
    """Create the buckets with their settings; existing ones get the same settings.

    `endpoint` is host:port. Works on SeaweedFS and MinIO. Raises minio's errors, and
    ValueError when an existing bucket lacks the object lock it should have been made with.
    """
    client = s3_client(endpoint, access_key, secret_key, secure=secure)
    for bucket in buckets:
        _create(client, bucket)


def _create(client: Minio, bucket: Bucket) -> None:
    try:
        client.make_bucket(bucket.name, object_lock=bucket.object_lock)
    except S3Error as error:
        if error.code not in _ALREADY_THERE:
            raise
        if bucket.object_lock:
            _require_lock(client, bucket.name)
    if bucket.versioned and not bucket.object_lock:
        client.set_bucket_versioning(bucket.name, VersioningConfig(ENABLED))
    if bucket.expires_after_days is not None:
        rule = Rule(
            ENABLED,
            rule_filter=Filter(prefix=""),
            rule_id="expire",
            expiration=Expiration(days=bucket.expires_after_days),
        )
        client.set_bucket_lifecycle(bucket.name, LifecycleConfig([rule]))


def _require_lock(client: Minio, bucket_name: str) -> None:
    try:
        client.get_object_lock_config(bucket_name)
    except S3Error as error:
        raise ValueError(f"bucket {bucket_name} exists without object lock") from error
