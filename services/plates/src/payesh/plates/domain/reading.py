"""What was read from one plate, and how sure each character is."""

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
    """A plate's text in canonical form (see `plate_text`), empty when nothing was legible.

    `layout` is `car` for the `DD L DDD DD` shape or `unknown`; `confidence` is the
    probability that the whole text is right.
    """

    text: str
    layout: str
    confidence: float
    characters: tuple[CharacterReading, ...]
