"""What `detect` answers over HTTP when it cannot answer."""

from payesh.kit.errors import NotFound, Unprocessable


class NoSuchPassage(NotFound):
    """Also when it lies outside the caller's bounds: its existence is personal data."""

    def __init__(self) -> None:
        super().__init__("no such passage within what you may see")


class BadCursor(Unprocessable):
    def __init__(self) -> None:
        super().__init__("this cursor was not given out here", type="bad-cursor")
