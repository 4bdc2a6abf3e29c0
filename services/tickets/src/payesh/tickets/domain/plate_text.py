"""The text of a plate as an officer types or reads it, folded into the contracts' one form.

Canonical: ASCII digits and Persian letter in reading order, الف being one letter.
"""

import re
from typing import NamedTuple

ALEF = "الف"
_FOLDED = str.maketrans(
    {
        **{chr(0x0660 + digit): str(digit) for digit in range(10)},  # Arabic-Indic
        **{chr(0x06F0 + digit): str(digit) for digit in range(10)},  # Persian
        "ي": "ی",
        "ى": "ی",
        "ئ": "ی",
        "ك": "ک",
        "ة": "ه",
        "ۀ": "ه",
        "ھ": "ه",
        "ہ": "ه",
        "ە": "ه",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
    }
)
_PERSIAN = str.maketrans({str(digit): chr(0x06F0 + digit) for digit in range(10)})
_CAR = re.compile(r"(\d{2})(الف|[^\W\d_])(\d{3})(\d{2})")


class CarPlate(NamedTuple):
    """`DD L DDD | DD`, ASCII digits."""

    series: str
    letter: str
    number: str
    region: str


def fold(text: str) -> str:
    """Any spelling of a plate in canonical characters, without spaces, bars, tatweel and «ایران».

    >>> fold("۱۲ ب ۳۴۵ | ۶۷")
    '12ب34567'
    """
    folded = text.translate(_FOLDED).replace("ایران", "").upper().replace(ALEF, "ا")
    kept = [letter for letter in folded if letter.isalnum() and letter != "ـ"]
    return "".join(ALEF if letter == "ا" else letter for letter in kept)


def car_plate(text: str) -> CarPlate | None:
    """The four parts of a car plate; None for other layouts."""
    match = _CAR.fullmatch(fold(text))
    return CarPlate(*match.groups()) if match else None


def persian_digits(text: str) -> str:
    """ASCII digits as Persian ones; the rest is kept."""
    return text.translate(_PERSIAN)


_PLATE_COLOURS = {
    **dict.fromkeys("تعک", "yellow"),
    ALEF: "red",
    **dict.fromkeys("پث", "green"),
    "ش": "sand",
    **dict.fromkeys("فز", "blue"),
    **dict.fromkeys("DS", "light-blue"),
}


def plate_colour(letter: str) -> str:
    """The colour that a letter's class has on the road: white unless the letter says otherwise."""
    return _PLATE_COLOURS.get(letter, "white")
