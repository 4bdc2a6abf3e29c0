"""The text of an Iranian plate: one canonical form, so that equal plates compare equal.

Canonical: ASCII digits and one Persian (or Latin) letter, no spaces, in reading order
`DD L DDD DD`, e.g. `12ب34567` for `12 ب 345 | 67`. الف is ONE letter although Unicode
needs three characters for it.
"""

import unicodedata
from dataclasses import dataclass

ALEF = "الف"
"""The letter of government plates; one letter of three characters."""

DIGITS: tuple[str, ...] = tuple("0123456789")
LETTERS: tuple[str, ...] = (ALEF, *"بپتثجدزژسشصطعفقکگلمنوهی", "D", "S")

LAYOUT_CAR = "car"
"""Two digits, letter, three digits, region code of two digits: private cars, and equally
taxis, public, government, police and military plates, which differ by letter and colour."""
LAYOUT_UNKNOWN = "unknown"

_FOLDED_CHARACTERS = str.maketrans(
    {
        **{chr(0x0660 + d): str(d) for d in range(10)},  # Arabic-Indic digits
        **{chr(0x06F0 + d): str(d) for d in range(10)},  # Persian digits
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
_KEPT = frozenset("".join(DIGITS) + "".join(LETTERS))
_SEPARATORS = frozenset("|/.ـ")
_SEPARATING_CATEGORIES = frozenset({"Zs", "Pd", "Cf"})  # spaces, dashes, zero-width marks
UNKNOWN_PLACE = "?"
"""One unknown character in a search."""


@dataclass(frozen=True, slots=True)
class CarPlate:
    """The four parts of a `car` layout plate, in reading order."""

    series: str
    letter: str
    number: str
    region: str

    @property
    def text(self) -> str:
        """Canonical text, e.g. `12ب34567`."""
        return f"{self.series}{self.letter}{self.number}{self.region}"


def fold(text: str) -> str:
    """Fold any spelling of a plate into canonical characters.

    Arabic forms of ی and ک, Arabic-Indic and Persian digits and Latin lower case are folded;
    spaces, dashes, bars, zero-width marks, the word «ایران» and tatweel are dropped. A lone
    alef stands for الف. The order of the characters is kept.

    >>> fold("۱۲ ب ۳۴۵ | ۶۷")
    '12ب34567'
    >>> fold("12 ا 345-67")
    '12الف34567'
    """
    kept = [c for c in _one_a_letter(text) if c in _KEPT]
    return "".join(ALEF if c == "ا" else c for c in kept)


def _one_a_letter(text: str) -> str:
    """Folded, one character for each of the plate's, nothing else dropped than «ایران»."""
    folded = text.translate(_FOLDED_CHARACTERS).replace("ایران", "").upper()
    return folded.replace(ALEF, "ا")


def searched_texts(written: str) -> tuple[str, ...]:
    """The canonical texts that a search for `written`, in any spelling, looks for.

    `?` or `؟` is one unknown character and stays as `?`. An unknown letter gives two texts, for
    الف is three characters. Raises ValueError for what is no plate of layout `DD L DDD DD`, so
    that a slip is not answered with "never seen".

    >>> searched_texts("۱۲ ب ۳۴۵-۶?")
    ('12ب3456?',)
    >>> searched_texts("12?34567")
    ('12?34567', '12الف34567')
    """
    places = [
        c
        for c in _one_a_letter(written.replace("؟", UNKNOWN_PLACE))
        if c not in _SEPARATORS and unicodedata.category(c) not in _SEPARATING_CATEGORIES
    ]
    possible = [
        ("ب" if place == 2 else "0") if c == UNKNOWN_PLACE else c for place, c in enumerate(places)
    ]
    if not set(possible) <= _KEPT or parse("".join(possible)) is None:
        raise ValueError(f"no plate is written {written!r}")
    if set(places) == {UNKNOWN_PLACE}:
        raise ValueError("nothing of the plate is known")
    letters = (UNKNOWN_PLACE, ALEF) if places[2] == UNKNOWN_PLACE else (fold(places[2]),)
    return tuple("".join((*places[:2], letter, *places[3:])) for letter in letters)


def split_characters(text: str) -> tuple[str, ...]:
    """Split canonical text into plate characters, الف being one of them.

    Raises ValueError for a character that no plate carries.

    >>> split_characters("12الف34567")
    ('1', '2', 'الف', '3', '4', '5', '6', '7')
    """
    marked = text.replace(ALEF, "ا")
    characters = tuple(ALEF if c == "ا" else c for c in marked)
    for character in characters:
        if character not in DIGITS and character not in LETTERS:
            raise ValueError(f"no plate carries the character {character!r}")
    return characters


def parse(text: str) -> CarPlate | None:
    """Read any spelling of a plate of layout `DD L DDD DD`; None when it has another layout.

    >>> parse("۱۲ب۳۴۵۶۷").region
    '67'
    """
    characters = split_characters(fold(text))
    if len(characters) != 8 or characters[2] not in LETTERS:
        return None
    digits = characters[:2] + characters[3:]
    if any(d not in DIGITS for d in digits):
        return None
    return CarPlate(
        series="".join(characters[:2]),
        letter=characters[2],
        number="".join(characters[3:6]),
        region="".join(characters[6:]),
    )


def layout_of(text: str) -> str:
    """`car` for the `DD L DDD DD` shape, else `unknown`."""
    return LAYOUT_CAR if parse(text) is not None else LAYOUT_UNKNOWN
