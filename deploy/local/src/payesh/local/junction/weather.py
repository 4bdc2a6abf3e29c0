"""Light and weather: what a film's variant does to a picture drawn by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.local.junction.layout import Point
from payesh.local.street.geometry import Floats, PinholeCamera

Image = NDArray[np.uint8]

_RAIN_FIELDS = 8


@dataclass(frozen=True, slots=True)
class Variant:
    """A film's light, weather and crowd. `gain` (B, G, R) is of the light by day; `headlights`
    (0 … 1) is how bright they look; `noise` is the sensor's, in grey levels."""

    name: str
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    street_lamps: float = 0.0
    headlights: float = 0.0
    noise: float = 1.6
    rain: bool = False
    crowded: bool = False


VARIANTS = {
    each.name: each
    for each in (
        Variant("day"),
        Variant("dusk", (0.52, 0.44, 0.46), 0.12, 0.55, 2.4),
        Variant("night", (0.17, 0.15, 0.14), 0.34, 1.0, 3.2),
        Variant("rain", (0.74, 0.70, 0.67), 0.0, 0.45, 2.2, rain=True),
        Variant("crowd", crowded=True),
    )
}


@dataclass(frozen=True, slots=True)
class Light:
    """A lamp of a vehicle: where it is in the picture, its radius there, its colour (BGR)."""

    at_px: Point
    radius_px: float
    colour: tuple[float, float, float]


class Weather:
    """Applies a variant; the same frame number gets the same rain."""

    def __init__(self, variant: Variant, seed: int, camera: PinholeCamera) -> None:
        self.variant = variant
        gains = np.array(variant.gain, np.float32)
        height, width = camera.height_px, camera.width_px
        light = np.ones((height, width, 3), np.float32) * gains
        if variant.street_lamps:
            for x, y in ((-14.0, 20.0), (14.0, 27.0), (-14.0, 48.0), (14.0, 55.0), (0.0, 80.0)):
                pool = _pool(x, y, camera)[..., None] * np.array([0.72, 0.92, 1.0], np.float32)
                light += variant.street_lamps * pool
        self._light = np.clip(light * 255, 0, 255).astype(np.uint8)
        self._is_dark = variant.gain != (1.0, 1.0, 1.0)
        self._rain = _rain(seed, (height, width)) if variant.rain else []

    def apply(self, frame: Image, lights: Sequence[Light], number: int) -> None:
        """Change a picture drawn by day into one of this variant, in place."""
        if self._is_dark:
            cv2.multiply(frame, self._light, dst=frame, scale=1 / 255)
        for light in lights:
            _glow(frame, light, self.variant.headlights)
        if self._rain:
            streaks = self._rain[number % _RAIN_FIELDS]
            cv2.convertScaleAbs(frame, dst=frame, alpha=0.82, beta=30)
            cv2.add(frame, streaks, dst=frame)


def _pool(x_m: float, y_m: float, camera: PinholeCamera) -> Floats:
    """Light of a street lamp on the ground at a point, 0 … 1 for each pixel."""
    u = np.arange(camera.width_px) + 0.5
    v = np.arange(camera.height_px) + 0.5
    grid = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)
    ground = camera.ground(grid)
    away = np.hypot(ground[:, 0] - x_m, (ground[:, 1] - y_m) * 0.8)
    pool = np.exp(-((away / 11.0) ** 2))
    return np.asarray(pool.reshape(camera.height_px, camera.width_px), np.float32)


def _glow(frame: Image, light: Light, strength: float) -> None:
    """A bright disc with a soft halo."""
    reach = max(4, round(light.radius_px * 5))
    x, y = round(light.at_px[0]), round(light.at_px[1])
    height, width = frame.shape[:2]
    left, top, right, bottom = x - reach, y - reach, x + reach + 1, y + reach + 1
    if left < 0 or top < 0 or right > width or bottom > height:
        return
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    away = np.hypot(rows, columns) / light.radius_px
    shape = strength * np.clip(1.5 - away, 0, 1) + 0.35 * strength * np.exp(-((away / 2.0) ** 2))
    sprite = shape[..., None] * np.array(light.colour, np.float32)
    region = frame[top:bottom, left:right]
    cv2.add(region, np.clip(sprite, 0, 255).astype(np.uint8), dst=region)


def _rain(seed: int, shape: tuple[int, int]) -> list[Image]:
    rng = np.random.default_rng(seed + 5)
    fields = []
    for _ in range(_RAIN_FIELDS):
        field = np.zeros((*shape, 3), np.uint8)
        for _ in range(420):
            x, y = int(rng.integers(shape[1])), int(rng.integers(shape[0]))
            length, level = int(rng.integers(8, 26)), int(rng.integers(14, 44))
            cv2.line(field, (x, y), (x + length // 6, y + length), (level,) * 3, 1, cv2.LINE_AA)
        fields.append(field)
    return fields
