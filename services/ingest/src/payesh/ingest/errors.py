"""Refusals that ingest answers, each with its own type."""

from collections.abc import Sequence

from payesh.kit.errors import Conflict, Forbidden, NotFound, Problem, TooLarge, Unprocessable

_MOST_FAULTS = 50


class UnknownCamera(NotFound):
    def __init__(self, camera_id: str) -> None:
        super().__init__(f"camera {camera_id} is not known", type="unknown-camera")


class UnknownRecording(NotFound):
    def __init__(self) -> None:
        super().__init__("the recording is not known", type="unknown-recording")


class CameraExists(Conflict):
    def __init__(self, camera_id: str) -> None:
        super().__init__(f"camera {camera_id} already exists", type="camera-exists")


class BadMarks(Unprocessable):
    """Marks of a revision that do not fit the picture or each other; `faults` are pairs of the
    revision's field and what is wrong with it."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__(
            "the revision's marks do not fit the picture or each other",
            type="bad-marks",
            errors=[{"field": field, "fault": fault} for field, fault in faults[:_MOST_FAULTS]],
        )


class UnknownDetector(Unprocessable):
    def __init__(self, kind: str) -> None:
        super().__init__(f"there is no detector of the kind {kind}", type="unknown-detector")


class NotTheDevice(Forbidden):
    def __init__(self, camera_id: str) -> None:
        super().__init__(
            f"only a client that is registered as a device of {camera_id} may send this",
            type="not-the-device",
        )


class BadSource(Unprocessable):
    def __init__(self, detail: str) -> None:
        super().__init__(detail, type="bad-source")


class BadImage(Unprocessable):
    def __init__(self, detail: str) -> None:
        super().__init__(detail, type="bad-image")


class ImageTooLarge(TooLarge):
    def __init__(self, detail: str) -> None:
        super().__init__(detail, type="image-too-large")


class WrongCertificate(Unprocessable):
    def __init__(self) -> None:
        super().__init__(
            "the measurement's certificate is not the one in force when it was captured",
            type="wrong-certificate",
        )


class BadTime(Unprocessable):
    def __init__(self, detail: str) -> None:
        super().__init__(detail, type="bad-time")


class NoRevision(Unprocessable):
    def __init__(self) -> None:
        super().__init__(
            "the camera had no configuration yet when this was captured", type="no-revision"
        )


class KeyReused(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "the Idempotency-Key was used for another still", type="idempotency-key-reused"
        )


class UploadTooSlow(Problem):
    """The connection ends with it: the rest of the body may never come."""

    def __init__(self, deadline_s: float) -> None:
        super().__init__(
            408,
            "upload-too-slow",
            "Request timeout",
            f"the upload did not end within {deadline_s:g} s",
            headers={"Connection": "close"},
        )
