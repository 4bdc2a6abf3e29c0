"""Noise of a camera's sensor."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

_FIELDS = 6


class SensorNoise:
    """A few fields of noise, repeated in turn: equal frame numbers get equal noise."""

    def __init__(self, seed: int, shape: tuple[int, int], sigma: float) -> None:
        """`shape` is (height, width) in pixels, `sigma` in grey levels."""
        rng = np.random.default_rng(seed)
        self._fields = []
        for _ in range(_FIELDS):
            field = np.round(rng.standard_normal(shape, np.float32) * np.float32(sigma))
            self._fields.append(
                (np.maximum(field, 0).astype(np.uint8), np.maximum(-field, 0).astype(np.uint8))
            )

    def add(self, luma: Image, frame_number: int) -> None:
        """Add a frame's noise to `luma` (height, width), in place."""
        brighter, darker = self._fields[frame_number % _FIELDS]
        cv2.add(luma, brighter, dst=luma)
        cv2.subtract(luma, darker, dst=luma)
