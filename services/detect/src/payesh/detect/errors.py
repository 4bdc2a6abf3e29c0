"""Errors that detect answers over HTTP."""

from payesh.kit.errors import NotFound


class NoSuchPassage(NotFound):
    """No passage of that id, or one outside the caller's bounds: its existence is personal data."""

    def __init__(self) -> None:
        super().__init__("no such passage within what you may see")
