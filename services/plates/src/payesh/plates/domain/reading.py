"""The reading of one plate, with the confidence of each character."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CharacterReading:
    """One character with its posterior (0 to 1) and the nearest other characters.

    `alternatives` holds up to three (character, posterior) pairs, likeliest first, without
    the chosen character itself.
    """

    char: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class PlateReading:
    """A plate's text in canonical form, empty when nothing was legible.

    `layout` names the shape that the text has, None when it is none that is known; `confidence`
    is the probability that the whole text is right.
    """

    text: str
    layout: str | None
    confidence: float
    characters: tuple[CharacterReading, ...]
