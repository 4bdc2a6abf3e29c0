"""Painting vehicle faces in metres: colours, light, and a canvas."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Bgr = tuple[float, float, float]

PX_PER_M = 220
PAINT: dict[str, Bgr] = {
    "white": (226, 228, 226),
    "silver": (178, 176, 172),
    "grey": (76, 74, 71),
    "black": (44, 42, 42),
    "beige": (160, 186, 200),
    "blue": (140, 82, 36),
    "red": (44, 40, 158),
    "green": (72, 88, 48),
    "yellow": (40, 186, 240),
}
GLASS: Bgr = (66, 58, 50)
# How much of the sun each direction gets; it stands behind the camera, to the right.
SUN_FRONT, SUN_TOP, SUN_RIGHT, SUN_LEFT = 0.88, 1.08, 0.80, 0.50


def dim(paint: Bgr, factor: float) -> Bgr:
    """The paint in a shadow or a joint."""
    blue, green, red = paint
    return blue * factor, green * factor, red * factor


class Canvas:
    """A picture measured in metres from its lower left corner."""

    def __init__(self, width_m: float, height_m: float, bgr: Bgr, light: float) -> None:
        self.width_m, self.height_m, self.light = width_m, height_m, light
        self.shape = (max(4, round(height_m * PX_PER_M)), max(4, round(width_m * PX_PER_M)))
        self.image = np.empty((*self.shape, 3), np.float32)
        self.image[:] = bgr

    def gradient(self, top: float, bottom: float) -> None:
        """Multiply the brightness from `top` down to `bottom`."""
        ramp = np.linspace(top, bottom, self.shape[0], dtype=np.float32)
        self.image *= ramp[:, None, None]

    def polygon(self, points_m: list[tuple[float, float]], bgr: Bgr) -> None:
        """Fill a polygon given in metres from the lower left."""
        cv2.fillPoly(self.image, [self._pixels(points_m)], bgr, cv2.LINE_AA, 4)

    def box(self, x0: float, z0: float, x1: float, z1: float, bgr: Bgr) -> None:
        """Fill a rectangle."""
        self.polygon([(x0, z0), (x1, z0), (x1, z1), (x0, z1)], bgr)

    def line(self, points_m: list[tuple[float, float]], width_m: float, bgr: Bgr) -> None:
        """Draw an open line."""
        width_px = max(1, round(width_m * PX_PER_M))
        cv2.polylines(self.image, [self._pixels(points_m)], False, bgr, width_px, cv2.LINE_AA, 4)

    def disc(self, x: float, z: float, rx: float, rz: float, bgr: Bgr) -> None:
        """Fill an ellipse."""
        turn = np.linspace(0, 2 * np.pi, 48)
        self.polygon([(x + rx * float(np.cos(a)), z + rz * float(np.sin(a))) for a in turn], bgr)

    def _pixels(self, points_m: list[tuple[float, float]]) -> NDArray[np.int32]:
        points = np.array(points_m, float)
        points[:, 1] = self.height_m - points[:, 1]
        return np.asarray(np.round(points * PX_PER_M * 16), np.int32)

    def picture(self) -> Image:
        """The finished picture in its light."""
        return np.asarray(np.clip(self.image * self.light, 0, 255), np.uint8)


def outline_mask(width_m: float, height_m: float, outline_m: list[tuple[float, float]]) -> Image:
    """Opacity of a picture of which only the outline's inside is there."""
    canvas = Canvas(width_m, height_m, (0, 0, 0), 1.0)
    canvas.polygon(outline_m, (255, 255, 255))
    return np.ascontiguousarray(canvas.picture()[..., 0])
