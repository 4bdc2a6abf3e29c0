"""Plates of a single picture: of a photograph, or of a crop that shows one plate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payesh.plates.domain.agreement import agreed
from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.reading import PlateReading
from payesh.plates.ports import PlateLocator, PlateReader

_LEAST_ASPECT = 2.6
"""A picture at least so wide for its height may be a plate cut out tightly: a plate is 4.7."""


@dataclass(frozen=True, slots=True)
class PictureRead:
    """A plate in a picture, and what it says."""

    plate: LocatedPlate
    reading: PlateReading


def read_photograph(
    picture: NDArray[np.uint8], locator: PlateLocator, reader: PlateReader
) -> list[PictureRead]:
    """Every plate located in `picture` (H, W, 3), BGR, the highest score first."""
    plates = locator.locate(picture)
    return [
        PictureRead(plate, reading)
        for plate, reading in zip(plates, reader.read_all(picture, plates), strict=True)
    ]


def read_crop(
    picture: NDArray[np.uint8], locator: PlateLocator, reader: PlateReader
) -> PictureRead | None:
    """The plate that a crop (H, W, 3), BGR, was cut for: located in it, or the crop itself where
    it has a plate's shape; None where there is neither. The surest reading counts.
    """
    plates = locator.locate(picture)
    height, width = picture.shape[:2]
    if width >= _LEAST_ASPECT * height:
        plates = [*plates, LocatedPlate(0.0, 0.0, float(width), float(height), 0.0)]
    readings = reader.read_all(picture, plates)
    found = [PictureRead(*each) for each in zip(plates, readings, strict=True)]
    return max(
        found,
        key=lambda each: (each.reading.layout is not None, each.reading.confidence),
        default=None,
    )


def fused(reads: Sequence[PictureRead | None]) -> PlateReading | None:
    """One reading of several pictures of one vehicle, as the shots of a passage vote."""
    together = agreed([each.reading for each in reads if each is not None])
    return None if together is None else together[1]
