"""What reading needs from outside, one method each."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.reading import PlateReading


class PlateLocator(Protocol):
    @property
    def sha256(self) -> str:
        """SHA-256 of the model's weights."""

    def locate(self, image_bgr: NDArray[np.uint8]) -> list[LocatedPlate]:
        """Plates in a picture (H, W, 3), BGR, best first; pixels from its top left."""


class PlateReader(Protocol):
    @property
    def sha256(self) -> str:
        """SHA-256 of the model's weights."""

    def read_all(
        self, image_bgr: NDArray[np.uint8], boxes: Sequence[LocatedPlate]
    ) -> list[PlateReading]:
        """The plates inside `boxes`, in their order."""
