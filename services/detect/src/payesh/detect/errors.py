"""What `detect` answers over HTTP when it cannot answer."""

from payesh.kit.errors import NotFound


class NoSuchPassage(NotFound):
    """Also when it lies outside the caller's bounds: its existence is personal data."""

    def __init__(self) -> None:
        super().__init__("no such passage within what you may see")
