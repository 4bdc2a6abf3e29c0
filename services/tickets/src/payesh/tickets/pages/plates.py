"""A plate as it is drawn on a page: its parts in Persian digits, in the colour of its class."""

import re
from dataclasses import dataclass

from payesh.contracts.plate_text import ALEF, CarPlate, parse
from payesh.tickets.pages.persian import persian_digits

_COLOURS = {
    **dict.fromkeys("تعک", "yellow"),
    ALEF: "red",
    **dict.fromkeys("پث", "green"),
    "ش": "sand",
    **dict.fromkeys("فز", "blue"),
    **dict.fromkeys("DS", "light-blue"),
}


_READING = re.compile(rf"([0-9?]{{2}})({ALEF}|[^0-9])([0-9?]{{3}})([0-9?]{{2}})")


@dataclass(frozen=True, slots=True)
class PlateCard:
    """A car plate as drawn; `parts` None shows the bare text of another layout."""

    text: str
    parts: CarPlate | None
    colour: str
    spoken: str


def plate_card(text: str) -> PlateCard:
    """The card of a plate's canonical text."""
    parts = parse(text)
    if parts is None:
        shown = persian_digits(text)
        return PlateCard(shown, None, "white", shown)
    persian = CarPlate(*(persian_digits(part) for part in parts))
    spoken = f"{persian.series} {persian.letter} {persian.number} ایران {persian.region}"
    return PlateCard(text, persian, plate_colour(parts.letter), spoken)


def reading_card(text: str) -> PlateCard:
    """The card of what a reader read, which may be no plate: `?` stands for a character that it
    could not read, and nothing at all is an empty text."""
    if not text:
        return PlateCard("—", None, "white", "که خوانده نشد")
    parts = _READING.fullmatch(text)
    if parts is None:
        # Of another length: its characters from the left, as a reader goes.
        shown = f"\u202d{persian_digits(text.replace(ALEF, 'ا'))}\u202c"
        return PlateCard(shown, None, "white", shown)
    persian = CarPlate(*(persian_digits(part) for part in parts.groups()))
    spoken = f"{persian.series} {persian.letter} {persian.number} ایران {persian.region}"
    return PlateCard(text, persian, plate_colour(parts[2]), spoken)


def plate_colour(letter: str) -> str:
    """The colour of the plates of a letter's class; white but for some classes."""
    return _COLOURS.get(letter, "white")
