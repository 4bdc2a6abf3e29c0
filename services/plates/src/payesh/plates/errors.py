"""Problems that plates answers with, besides those of the kit."""

from payesh.kit.errors import Unprocessable


class PlateMisspelt(Unprocessable):
    """The searched text is no plate: it has a character that none carries, or not eight places."""

    def __init__(self) -> None:
        super().__init__(
            "a plate has two digits, a letter, three digits and two digits, like 12ب34567; "
            "write ? for one unknown character",
            type="plate-misspelt",
        )
