"""Errors of plates, besides those of the kit."""

from payesh.kit.errors import Unprocessable


class PlateMisspelt(Unprocessable):
    """The searched text is no plate: it has a character that none carries, or not eight places."""

    def __init__(self) -> None:
        super().__init__(
            "a plate has two digits, a letter, three digits and two digits, like 12ب34567; "
            "write ? for one unknown character",
            type="plate-misspelt",
        )


class SecondReaderMissing(RuntimeError):
    """The second reader is required and not installed: the service does not start."""

    def __init__(self) -> None:
        super().__init__(
            "PAYESH_SECOND_READER=required, and EasyOCR is not here: install payesh-plates[easyocr]"
        )
