"""The text of an Iranian plate: one canonical form, so that equal plates compare equal.

Canonical: ASCII digits and one Persian (or Latin) letter in reading order `DD L DDD DD`, without
separators: `12ب34567` for `12 ب 345 | 67`. الف is one letter although Unicode needs three
characters for it. Spellings and their canonical texts: `contracts/examples/plate_text.json`.
"""

import re
import unicodedata
from typing import NamedTuple

ALEF = "الف"
"""The letter of government plates; one letter of three characters."""
DIGITS: tuple[str, ...] = tuple("0123456789")
LETTERS: tuple[str, ...] = (ALEF, *"بپتثجدزژسشصطعفقکگلمنوهی", "D", "S")
"""Every letter of the layout `car`."""
LAYOUT_CAR = "car"
"""Two digits, letter, three digits, region code of two digits: private cars, and equally
taxis, public, government, police and military plates, which differ by letter and colour."""
LAYOUT_UNKNOWN = "unknown"
UNKNOWN_PLACE = "?"
"""One unknown character in a search."""

_PRESENTATION_FORMS = re.compile("[\ufb50-\ufdff\ufe70-\ufeff\uff00-\uffef]+")
_FOLDED_CHARACTERS = str.maketrans(
    {
        **{chr(0x0660 + d): str(d) for d in range(10)},  # Arabic-Indic digits
        **{chr(0x06F0 + d): str(d) for d in range(10)},  # Persian digits
        **dict.fromkeys("يىئ", "ی"),
        "ك": "ک",
        **dict.fromkeys("ةۀھہە", "ه"),
        **dict.fromkeys("أإآ", "ا"),
        "؟": UNKNOWN_PLACE,
    }
)
_SEPARATORS = frozenset("|/\\.,:;،؛٫٬'\"ـ")
# Spaces, line breaks, dashes, zero-width marks, harakat, brackets, quotation marks.
_SEPARATING_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Pd", "Cf", "Mn", "Ps", "Pe", "Pi", "Pf"})
_COUNTRY = "ایران"
_CAR = re.compile(rf"([0-9]{{2}})({'|'.join(LETTERS)})([0-9]{{3}})([0-9]{{2}})")


class CarPlate(NamedTuple):
    """The four parts of a plate of layout `car`, in reading order."""

    series: str
    letter: str
    number: str
    region: str

    @property
    def text(self) -> str:
        """Canonical text, for example `12ب34567`."""
        return "".join(self)


def fold(text: str) -> str:
    """Fold any spelling of a plate into canonical characters, keeping their order.

    Presentation forms and full-width characters are normalised (NFKC); Arabic forms of ی and ک,
    Arabic-Indic and Persian digits and Latin lower case are folded; separators (spaces, tabs, line
    breaks, dashes, bars, brackets, commas, colons, harakat, zero-width marks, tatweel) and the
    word «ایران» are dropped. A lone alef stands for الف. Characters that no plate carries stay, so
    that such a text equals no plate.

    >>> fold("۱۲ ب ۳۴۵ | ۶۷")
    '12ب34567'
    >>> fold("12 ا 345-67")
    '12الف34567'
    """
    return "".join(ALEF if character == "ا" else character for character in _characters(text))


def _characters(text: str) -> str:
    """Folded, one character a place of the plate: الف is a lone alef here."""
    plain = _PRESENTATION_FORMS.sub(lambda m: unicodedata.normalize("NFKC", m[0]), text)
    folded = plain.translate(_FOLDED_CHARACTERS).upper()
    kept = "".join(character for character in folded if not _separates(character))
    return kept.replace(_COUNTRY, "").replace(ALEF, "ا")


def _separates(character: str) -> bool:
    return (
        character in _SEPARATORS
        or character.isspace()
        or unicodedata.category(character) in _SEPARATING_CATEGORIES
    )


def parse(text: str) -> CarPlate | None:
    """The parts of a plate of layout `car` in any spelling; None when it has another layout.

    >>> parse("۱۲ب۳۴۵۶۷").region
    '67'
    """
    match = _CAR.fullmatch(fold(text))
    return CarPlate(*match.groups()) if match else None


def layout_of(text: str) -> str:
    """`car` for the shape `DD L DDD DD`, else `unknown`."""
    return LAYOUT_UNKNOWN if parse(text) is None else LAYOUT_CAR


def split_characters(text: str) -> tuple[str, ...]:
    """Split canonical text into the plate's characters, الف being one of them.

    Raises ValueError for a character that no plate carries.

    >>> split_characters("12الف34567")
    ('1', '2', 'الف', '3', '4', '5', '6', '7')
    """
    characters = tuple(ALEF if each == "ا" else each for each in text.replace(ALEF, "ا"))
    for character in characters:
        if character not in DIGITS and character not in LETTERS:
            raise ValueError(f"no plate carries the character {character!r}")
    return characters


def searched_texts(written: str) -> tuple[str, ...]:
    """The canonical texts that a search for `written`, in any spelling, looks for.

    `?` or `؟` is one unknown character and stays as `?`. An unknown letter gives two texts, for
    الف is three characters. Raises ValueError for a text that is no plate of layout `car`, so that
    a slip is not answered with "never seen".

    >>> searched_texts("۱۲ ب ۳۴۵-۶?")
    ('12ب3456?',)
    >>> searched_texts("12?34567")
    ('12?34567', '12الف34567')
    """
    places = list(_characters(written))
    letter_place = 2
    possible = [
        each if each != UNKNOWN_PLACE else "ب" if place == letter_place else "0"
        for place, each in enumerate(places)
    ]
    if parse("".join(possible)) is None:
        raise ValueError("this is no plate: two digits, a letter, three digits, two digits")
    if set(places) == {UNKNOWN_PLACE}:
        raise ValueError("nothing of the plate is known")
    letter = places[letter_place]
    letters = (UNKNOWN_PLACE, ALEF) if letter == UNKNOWN_PLACE else (fold(letter),)
    before, after = places[:letter_place], places[letter_place + 1 :]
    return tuple("".join((*before, each, *after)) for each in letters)
