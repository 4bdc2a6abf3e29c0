"""The empty street as the camera sees it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.local.street.geometry import PinholeCamera, Road
from payesh.local.street.ground import paint_ground
from payesh.local.street.roadside import draw_roadside

Image = NDArray[np.uint8]

_SUPERSAMPLE = 2


def paint_backdrop(camera: PinholeCamera, road: Road, seed: int) -> Image:
    """The street without traffic, (height, width, 3) BGR uint8, without sensor noise."""
    rng = np.random.default_rng(seed)
    large = PinholeCamera(
        width_px=camera.width_px * _SUPERSAMPLE,
        height_px=camera.height_px * _SUPERSAMPLE,
        focal_px=camera.focal_px * _SUPERSAMPLE,
        x_m=camera.x_m,
        height_m=camera.height_m,
        pitch_deg=camera.pitch_deg,
    )
    ground = paint_ground(large, road, rng)
    draw_roadside(ground, large, road, rng)
    image = cv2.resize(ground, (camera.width_px, camera.height_px), interpolation=cv2.INTER_AREA)
    image = cv2.GaussianBlur(image, (0, 0), 0.6)
    return np.clip(image, 0, 255).astype(np.uint8)
