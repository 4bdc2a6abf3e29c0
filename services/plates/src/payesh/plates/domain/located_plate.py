"""The place of a plate in a picture."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LocatedPlate:
    """An upright box around a plate.

    `x`, `y` are its left top corner, all four in pixels of the picture that was searched
    (origin left top). `score` is the locator's confidence, 0 to 1.
    """

    x: float
    y: float
    width: float
    height: float
    score: float
