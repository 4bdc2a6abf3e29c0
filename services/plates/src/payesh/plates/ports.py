"""Ports of reading: a locator, a reader and a second reader of plates."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.reading import PlateReading
from payesh.plates.domain.second_reading import SecondReading


class PlateLocator(Protocol):
    """Locates plates in a picture."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the model's weights."""

    def locate(self, image_bgr: NDArray[np.uint8]) -> list[LocatedPlate]:
        """Plates in a picture (H, W, 3), BGR, the highest score first."""


class PlateReader(Protocol):
    """Reads located plates."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the model's weights."""

    def read_all(
        self, image_bgr: NDArray[np.uint8], boxes: Sequence[LocatedPlate]
    ) -> list[PlateReading]:
        """The plates inside `boxes` of a picture (H, W, 3), BGR, in the order of the boxes."""


class SecondReader(Protocol):
    """Reads a plate that was read already, by other means: its errors are others."""

    @property
    def name(self) -> str:
        """The software with its version, for example `easyocr 1.7.2`."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the model's weights."""

    def read_again(self, image_bgr: NDArray[np.uint8], plate: LocatedPlate) -> SecondReading:
        """The plate inside its box of a picture (H, W, 3), BGR."""
