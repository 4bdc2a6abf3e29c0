"""What a second reader reads of a plate that the first one has read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SecondReading:
    """`text` in canonical characters, with `?` for what cannot be read, of any length; empty where
    nothing was legible. `confidence` (0 to 1) is the reader's own measure, not calibrated."""

    text: str
    confidence: float
