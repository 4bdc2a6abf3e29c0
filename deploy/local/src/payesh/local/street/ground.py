"""The ground of the street: asphalt, markings, kerbs, pavement, median, shade.

Each pixel is painted by the point of the plane that it shows.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.local.street.geometry import Floats, PinholeCamera, Road

_TILE_PX = 2048
_TILE_PX_PER_M = 60.0
_DASH_M, _DASH_PERIOD_M, _LINE_M = 3.0, 8.0, 0.14
_KERB_M = 0.30
_CHANNEL_M = 0.75  # the open water channel («جوی») beside the kerb
_MEDIAN_M = 3.4


def paint_ground(camera: PinholeCamera, road: Road, rng: np.random.Generator) -> Floats:
    """The bare ground, (height, width, 3) BGR float32."""
    ground = Ground(camera, rng)
    _asphalt(ground, road, rng)
    _markings(ground, road)
    _kerb_side(ground, road)
    _median_side(ground, road)
    _shade_of_trees(ground, road, rng)
    return ground.image


def _noise_tile(rng: np.random.Generator, sigmas_px: tuple[float, ...]) -> NDArray[np.float32]:
    """A seamless tile of unit-variance noise, the sum of one octave a sigma."""
    total = np.zeros((_TILE_PX, _TILE_PX), np.float32)
    for sigma_px in sigmas_px:
        scale = max(1, int(sigma_px // 4))
        side = _TILE_PX // scale
        octave = rng.standard_normal((side, side)).astype(np.float32)
        if sigma_px > 0.3:
            pad = int(4 * sigma_px / scale) + 1
            wrapped = np.pad(octave, pad, mode="wrap")
            blurred = cv2.GaussianBlur(wrapped, (0, 0), sigma_px / scale)
            octave = np.asarray(blurred[pad:-pad, pad:-pad], np.float32)
        whole = cv2.resize(octave, (_TILE_PX, _TILE_PX), interpolation=cv2.INTER_CUBIC)
        total += whole / whole.std()
    return np.asarray(total / total.std(), np.float32)


def _sample(tile: NDArray[np.float32], x: Floats, y: Floats, scale: float = 1.0) -> Floats:
    u = np.asarray(x * _TILE_PX_PER_M * scale, np.float32)
    v = np.asarray(y * _TILE_PX_PER_M * scale, np.float32)
    wrap = cv2.BORDER_WRAP
    seen = cv2.remap(tile, u % _TILE_PX, v % _TILE_PX, cv2.INTER_LINEAR, borderMode=wrap)
    return np.asarray(seen)


def _ground_grid(camera: PinholeCamera) -> tuple[Floats, Floats]:
    """x and y in metres of every pixel's ground point, each (height, width) float32."""
    v = np.arange(camera.height_px, dtype=np.float64)
    column = np.stack([np.full_like(v, camera.width_px / 2), v], axis=1)
    y_row = camera.ground(column)[:, 1]
    depth = y_row * camera.rotation[2, 1] - camera.height_m * camera.rotation[2, 2]
    u = np.arange(camera.width_px, dtype=np.float64) - camera.width_px / 2
    x = camera.x_m + u[None, :] * (depth / camera.focal_px)[:, None]
    y = np.repeat(y_row[:, None], camera.width_px, axis=1)
    return x.astype(np.float32), y.astype(np.float32)


def band(values: Floats, low: float, high: float, edge: Floats) -> Floats:
    """1 inside low … high, 0 outside, with a soft edge of `edge` metres."""
    rising = np.clip((values - low) / edge + 0.5, 0, 1)
    falling = np.clip((high - values) / edge + 0.5, 0, 1)
    return rising * falling


class Ground:
    """A plane of ground as the camera sees it, painted layer over layer (BGR float32)."""

    def __init__(self, camera: PinholeCamera, rng: np.random.Generator) -> None:
        self.x, self.y = _ground_grid(camera)
        self.edge = np.maximum(self.y / camera.focal_px * 1.5, 0.01)
        self.fine = _noise_tile(rng, (0.8, 1.6))
        patchy = _noise_tile(rng, (40.0, 110.0))
        self.grain = _sample(self.fine, self.x, self.y) * np.clip(28 / self.y, 0.25, 1.2)
        self.wear = _sample(patchy, self.x, self.y * 0.35)
        self.clumps = _sample(patchy, self.x, self.y, 5.0)
        self.image = np.zeros((*self.x.shape, 3), np.float32)

    def cover(self, mask: Floats, bgr: tuple[int, int, int], texture: Floats | None = None) -> None:
        """Lay a colour, varied by `texture` grey levels, with `mask` (0 … 1) as its opacity."""
        where = np.nonzero(mask > 0.002)
        layer = np.array(bgr, np.float32) + np.zeros((len(where[0]), 1), np.float32)
        if texture is not None:
            layer += texture[where][:, None]
        before = self.image[where]
        self.image[where] = before + (layer - before) * mask[where][:, None]

    def along(self, low_m: float, high_m: float) -> Floats:
        """Mask of the strip low_m <= x <= high_m that runs along the road."""
        return band(self.x, low_m, high_m, self.edge)

    def patch(self, x_m: float, y_m: float, width_m: float, length_m: float) -> Floats:
        """Mask of a rectangle whose near left corner is (x_m, y_m)."""
        across = band(self.y, y_m, y_m + length_m, self.edge * 4)
        return self.along(x_m, x_m + width_m) * across


def _asphalt(ground: Ground, road: Road, rng: np.random.Generator) -> None:
    grey = 104 + 5.0 * ground.grain + 4.0 * ground.wear
    for lane in range(1, road.lanes + 1):  # tyres polish two tracks, oil darkens between them
        offset = ground.x - road.lane_centre_m(lane)
        for side_m in (-0.78, 0.78):
            grey += 5 * np.exp(-(((offset - side_m) / 0.30) ** 2))
        grey -= 7 * np.exp(-((offset / 0.42) ** 2))
    ground.image[:] = grey[..., None] * np.array([1.0, 0.995, 0.98], np.float32)
    for _ in range(6):
        corner = float(rng.uniform(-4.6, 3.0)), float(rng.uniform(19, 58))
        size = float(rng.uniform(0.6, 1.6)), float(rng.uniform(1.5, 6.0))
        ground.cover(ground.patch(*corner, *size) * 0.8, (86, 86, 85), 5 * ground.grain)
    for y_m in (27.3, 48.0):  # cracks sealed with tar
        wavy = ground.y + 0.12 * np.sin(ground.x * 2.1 + y_m) + 0.05 * np.sin(ground.x * 7.3)
        ground.cover(band(wavy, y_m, y_m + 0.07, ground.edge * 3) * 0.5, (56, 56, 56))
    for x_m, y_m in ((1.75, 36.0), (-3.0, 24.4)):  # manholes
        radius = np.hypot(ground.x - x_m, ground.y - y_m)
        ground.cover(band(radius, -1, 0.34, ground.edge * 2), (52, 53, 54))
        ground.cover(band(radius, -1, 0.29, ground.edge * 2), (80, 83, 86), 9 * ground.grain)


def _markings(ground: Ground, road: Road) -> None:
    paint = (214, 217, 218)
    worn = np.clip(0.80 + 0.10 * ground.grain + 0.12 * ground.wear, 0.25, 0.95)
    dashes = (ground.y % _DASH_PERIOD_M) < _DASH_M
    for border in range(1, road.lanes):
        x_m = road.lane_centre_m(border) + road.lane_width_m / 2
        ground.cover(ground.along(x_m - _LINE_M / 2, x_m + _LINE_M / 2) * dashes * worn, paint)
    for side in (-1, 1):
        x_m = side * (road.half_width_m - 0.05)
        colour = paint if side < 0 else (90, 190, 226)  # the median's edge line is yellow
        ground.cover(ground.along(x_m - _LINE_M / 2, x_m + _LINE_M / 2) * worn, colour)
    stripes = ((ground.x + 0.25) % 1.0) < 0.5
    inside = np.abs(ground.x) < road.half_width_m - 0.3
    crossing = band(ground.y, 57.0, 60.5, ground.edge * 4) * stripes * inside
    ground.cover(crossing * worn, paint)
    stop = band(ground.y, 62.0, 62.5, ground.edge * 4) * inside
    ground.cover(stop * worn, paint)


def _kerb_side(ground: Ground, road: Road) -> None:
    """Left of the image: kerb, water channel, planted strip, paved walk, wall."""
    kerb_m = -road.half_width_m - 0.30
    blocks = np.where((ground.y // 1.0) % 2 < 1, 0.0, 1.0)
    ground.cover(ground.along(-99, kerb_m), (128, 140, 146), 5 * ground.grain)
    ground.cover(ground.along(kerb_m - _KERB_M, kerb_m), (60, 190, 222), 5 * ground.grain)
    ground.cover(ground.along(kerb_m - _KERB_M, kerb_m) * blocks, (206, 210, 212), 5 * ground.grain)
    ground.cover(ground.along(kerb_m - 0.05, kerb_m + 0.04), (84, 86, 88))
    channel_m = kerb_m - _KERB_M
    ground.cover(ground.along(channel_m - _CHANNEL_M, channel_m), (74, 82, 86), 6 * ground.grain)
    ground.cover(ground.along(channel_m - 0.55, channel_m - 0.2), (48, 56, 58), 4 * ground.wear)
    soil_m = channel_m - _CHANNEL_M
    ground.cover(ground.along(soil_m - 1.1, soil_m), (78, 108, 128), 10 * ground.clumps)
    grass = np.clip(ground.clumps * 0.8 + 0.2, 0, 1)
    ground.cover(ground.along(soil_m - 1.1, soil_m) * grass, (52, 104, 88), 9 * ground.grain)
    walk_m = soil_m - 1.1
    tiles = ((ground.x / 0.4) % 1 < 0.06) | ((ground.y / 0.4) % 1 < 0.06)
    ground.cover(ground.along(-99, walk_m), (150, 164, 172), 5 * ground.grain + 4 * ground.wear)
    ground.cover(
        ground.along(-99, walk_m) * tiles * np.clip(18 / ground.y, 0, 0.5), (116, 124, 130)
    )
    guide = ground.along(walk_m - 1.6, walk_m - 1.2)  # tactile paving
    ground.cover(guide * 0.8, (70, 176, 206), 5 * ground.grain)


def _median_side(ground: Ground, road: Road) -> None:
    """Right of the image: kerb, planted median, kerb, the other carriageway."""
    kerb_m = road.half_width_m + 0.30
    far_m = kerb_m + _MEDIAN_M
    green = 11 * ground.clumps + 9 * ground.grain
    ground.cover(ground.along(kerb_m, far_m), (58, 112, 92), green)
    bald = np.clip(ground.wear * 0.5 - 0.2, 0, 0.7)
    ground.cover(ground.along(kerb_m, far_m) * bald, (98, 132, 150), green)
    blocks = np.where((ground.y // 1.0) % 2 < 1, 0.0, 1.0)
    for left_m in (kerb_m, far_m - 0.28):
        kerb = ground.along(left_m, left_m + 0.28)
        ground.cover(kerb, (200, 204, 206), 5 * ground.grain)
        ground.cover(kerb * blocks, (62, 62, 66), 5 * ground.grain)
    ground.cover(ground.along(kerb_m - 0.06, kerb_m + 0.02), (80, 82, 84))
    line_m = far_m + 0.5
    ground.cover(ground.along(line_m, line_m + _LINE_M) * 0.8, (90, 190, 226))
    dashes = (ground.y % _DASH_PERIOD_M) < _DASH_M
    lane_m = line_m + road.lane_width_m
    ground.cover(ground.along(lane_m, lane_m + _LINE_M) * dashes * 0.8, (214, 217, 218))


def _shade_of_trees(ground: Ground, road: Road, rng: np.random.Generator) -> None:
    """Dappled shade beside the kerbs; a soft edge keeps it from looking like a vehicle."""
    shade = np.zeros_like(ground.x)
    for y_m in np.arange(21.0, 90.0, 7.0):
        for x_m, reach_m in ((-road.half_width_m - 3.4, 1.9), (road.half_width_m + 1.5, 1.3)):
            cx = x_m + float(rng.uniform(-0.4, 0.4))
            cy = float(y_m + rng.uniform(-1, 1))
            radius = np.hypot((ground.x - cx) / reach_m, (ground.y - cy) / (reach_m * 1.4))
            shade = np.maximum(shade, np.clip(1.35 - radius, 0, 1))
    leaves = np.clip(0.75 + 0.35 * ground.clumps, 0.2, 1)
    ground.image *= (1 - 0.45 * np.clip(shade * 1.6, 0, 1) * leaves)[..., None]
