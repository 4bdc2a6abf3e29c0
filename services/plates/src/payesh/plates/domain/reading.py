"""The reading of one plate, with the confidence of each character."""

from dataclasses import dataclass

UNREADABLE = "?"
"""Stands in a text for a place whose character cannot be read: covered, dirty, in glare."""
LEAST_READ = 0.5
"""Confidence from which a complete text is more likely right than wrong."""
MOST_UNREADABLE = 2
"""With more unreadable places the rest names too many vehicles to count as a reading."""


@dataclass(frozen=True, slots=True)
class CharacterReading:
    """One character with its posterior (0 to 1) and the nearest other characters.

    `alternatives` holds up to three (character, posterior) pairs, likeliest first, without
    the chosen character itself. Where the character cannot be read `char` is `?`, and they are
    what it may be.
    """

    char: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class PlateReading:
    """A plate's text in canonical form, with `?` for places that cannot be read; empty when
    nothing was legible.

    `layout` names the shape that the text has, None when it is none that is known; `confidence`
    is the probability that the whole text is right.
    """

    text: str
    layout: str | None
    confidence: float
    characters: tuple[CharacterReading, ...]

    @property
    def unreadable_places(self) -> int:
        """How many characters cannot be read."""
        return self.text.count(UNREADABLE)

    @property
    def is_complete(self) -> bool:
        """Whether every character was read."""
        return bool(self.text) and not self.unreadable_places

    @property
    def is_read(self) -> bool:
        """Whether every character was read, the whole more likely right than wrong."""
        return self.is_complete and self.confidence >= LEAST_READ

    @property
    def is_legible(self) -> bool:
        """Whether enough was read to name a vehicle, or the few that it may be."""
        return bool(self.text) and self.unreadable_places <= MOST_UNREADABLE

    def may_be(self, other: "PlateReading") -> bool:
        """Whether both have one layout and the places that both read are the same."""
        return (
            self.layout == other.layout
            and len(self.characters) == len(other.characters)
            and all(
                UNREADABLE in (mine.char, theirs.char) or mine.char == theirs.char
                for mine, theirs in zip(self.characters, other.characters, strict=True)
            )
        )
