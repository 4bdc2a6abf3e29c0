"""Errors that detect answers over HTTP."""

from collections.abc import Sequence

from payesh.kit.errors import Conflict, NotFound, Problem


class NoSuchPassage(NotFound):
    """No passage of that id, or one outside the caller's bounds: its existence is personal data."""

    def __init__(self) -> None:
        super().__init__("no such passage within what you may see")


class NoSuchView(NotFound):
    """No view of that camera was kept, or the camera is outside the caller's bounds."""

    def __init__(self) -> None:
        super().__init__("no view of such a camera within what you may see")


class NoRevision(Conflict):
    """The revision that a view was taken under cannot be read."""

    def __init__(self) -> None:
        super().__init__("the camera's revision cannot be read", type="no-revision")


class NoPlane(Problem):
    """The measurements fix no plane; `missing` names the kinds of what is missing."""

    def __init__(self, detail: str, missing: Sequence[str]) -> None:
        super().__init__(409, "not-determined", "Not determined", detail, missing=list(missing))


class OtherPictures(Conflict):
    """The revision's marks are in pictures of another size than the view."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, type="other-pictures")
