"""The junction without traffic: asphalt, markings, pavements and the poles of the signal heads."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.local.junction.layout import (
    AWAY_1,
    AWAY_2,
    BRANCH_M,
    BRANCH_MIDDLE_M,
    CROSS_STREET_M,
    CROSSWALK_M,
    HALF_ROAD_M,
    HEADS,
    KERBSIDE_PARKING_M,
    LANE_M,
    STOP_LINE_M,
    Point,
    pixel,
)
from payesh.local.street.geometry import Floats, PinholeCamera
from payesh.local.street.ground import Ground, band

Image = NDArray[np.uint8]

_PAINT, _YELLOW = (214, 217, 218), (90, 190, 226)
_LINE_M, _DASH_M, _DASH_PERIOD_M = 0.14, 3.0, 8.0
_POLE = (96, 98, 96)


def paint_backdrop(seed: int, camera: PinholeCamera) -> Image:
    """The empty junction by day, (height, width, 3) BGR uint8, without sensor noise."""
    ground = Ground(camera, np.random.default_rng(seed))
    ground.image[:] = (128, 146, 152)
    ground.image += (6 * ground.grain + 5 * ground.wear)[..., None]
    _planted(ground)
    road = _road(ground)
    asphalt = 104 + 5.0 * ground.grain + 5.0 * ground.wear
    for x in (AWAY_1, AWAY_2, -AWAY_1, -AWAY_2):
        for side in (-0.78, 0.78):
            asphalt += 4 * np.exp(-(((ground.x - x - side) / 0.30) ** 2))
    ground.cover(road, (0, 0, 0))
    ground.image += (road * asphalt)[..., None] * np.array([1.0, 0.995, 0.98], np.float32)
    _kerbs(ground, road)
    _markings(ground)
    image = np.clip(cv2.GaussianBlur(ground.image, (0, 0), 0.7), 0, 255).astype(np.uint8)
    for head in HEADS:
        foot = pixel(*head.foot_m, camera=camera)
        top = pixel(*head.foot_m, head.middle_m, camera=camera)
        thick = round(4 * camera.width_px / 1280)
        cv2.line(image, _whole(foot), _whole(top), _POLE, thick, cv2.LINE_AA)
    return np.asarray(image)


def _whole(point: Point) -> tuple[int, int]:
    return round(point[0]), round(point[1])


def _road(ground: Ground) -> Floats:
    main = band(ground.x, -HALF_ROAD_M, HALF_ROAD_M, ground.edge)
    across = band(ground.y, *CROSS_STREET_M, ground.edge * 4)
    branch = band(ground.y, *BRANCH_M, ground.edge * 4) * (ground.x > 0)
    left, near, _, far = KERBSIDE_PARKING_M
    parking = ground.patch(left, near, -HALF_ROAD_M - left, far - near)
    return np.asarray(np.maximum.reduce([main, across, branch, parking]))


def _planted(ground: Ground) -> None:
    green = 11 * ground.clumps + 9 * ground.grain
    for low, high in ((-40.0, -20.0), (17.0, 40.0)):
        for near, far in ((0.0, 36.0), (54.0, 57.0), (69.0, 140.0)):
            ground.cover(ground.patch(low, near, high - low, far - near), (58, 112, 92), green)


def _kerbs(ground: Ground, road: Floats) -> None:
    edge = cv2.dilate(road.astype(np.float32), np.ones((5, 5))) - road
    ground.cover(np.clip(edge, 0, 1) * 0.8, (196, 202, 204), 5 * ground.grain)


def _markings(ground: Ground) -> None:
    worn = np.clip(0.82 + 0.10 * ground.grain + 0.10 * ground.wear, 0.3, 0.95)
    dashes = (ground.y % _DASH_PERIOD_M) < _DASH_M
    outside = np.ones_like(ground.x)
    for near, far in ((STOP_LINE_M, CROSS_STREET_M[1] + 2.5), (BRANCH_M[0], BRANCH_M[1])):
        outside *= 1 - band(ground.y, near, far, ground.edge * 2)
    half = _LINE_M / 2
    for x in (-0.22, 0.22):
        ground.cover(ground.along(x - half, x + half) * outside * worn, _YELLOW)
    for side in (-1, 1):
        x = side * LANE_M + side * 0.2
        ground.cover(ground.along(x - half, x + half) * dashes * outside * worn, _PAINT)
        x = side * 2 * LANE_M + side * 0.2
        ground.cover(ground.along(x - 0.12, x + 0.12) * outside * worn, _PAINT)
    stop = band(ground.y, STOP_LINE_M, STOP_LINE_M + 0.5, ground.edge * 4)
    ground.cover(stop * ground.along(0.3, HALF_ROAD_M - 0.2) * worn, _PAINT)
    stripes = ((ground.x + 0.25) % 1.0) < 0.5
    inside = np.abs(ground.x) < HALF_ROAD_M - 0.4
    walk = band(ground.y, *CROSSWALK_M, ground.edge * 4)
    ground.cover(walk * stripes * inside * worn, _PAINT)
    middle = sum(CROSS_STREET_M) / 2
    line = band(ground.y, middle - half, middle + half, ground.edge * 3)
    ground.cover(line * (np.abs(ground.x) > HALF_ROAD_M + 1.5) * worn, _YELLOW)
    _no_entry_sign(ground)


def _no_entry_sign(ground: Ground) -> None:
    """Painted on the road of the branch: a disc with a bar."""
    radius = np.hypot(ground.x - HALF_ROAD_M - 4.0, ground.y - BRANCH_MIDDLE_M)
    ground.cover(band(radius, -1.0, 1.5, ground.edge * 3) * 0.75, (70, 66, 150))
    bar = ground.patch(HALF_ROAD_M + 3.7, BRANCH_MIDDLE_M - 1.0, 0.6, 2.0)
    ground.cover(bar * 0.8, _PAINT)
