"""Signal heads and what their lamps look like."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.local.junction.layout import (
    HEAD_HEIGHT_M,
    HEAD_WIDTH_M,
    HEADS,
    LAMP_RADIUS_M,
    LAMP_STATES,
    lamp_centre_m,
    pixel,
)
from payesh.local.street.geometry import PinholeCamera

Image = NDArray[np.uint8]

LAMP_COLOURS = {
    "red": ((60, 50, 250), (26, 24, 60)),
    "amber": ((50, 190, 255), (22, 44, 58)),
    "green": ((150, 245, 70), (38, 52, 22)),
}
"""Of each lamp when lit and when dark, BGR."""


def draw_heads(frame: Image, lit: str, brightness: float, camera: PinholeCamera) -> None:
    """Draw the heads with one lamp lit; lamps shine by their own light. In place."""
    for head in HEADS:
        x, y = head.foot_m
        half_w, half_h = HEAD_WIDTH_M / 2, HEAD_HEIGHT_M / 2
        box = [
            pixel(x + dx, y, head.middle_m + dz, camera=camera)
            for dx, dz in (
                (-half_w, half_h),
                (half_w, half_h),
                (half_w, -half_h),
                (-half_w, -half_h),
            )
        ]
        shade = round(34 * brightness) + 8
        points = np.round(np.array(box) * 16).astype(np.int32)
        cv2.fillConvexPoly(frame, points, (shade,) * 3, cv2.LINE_AA, 4)
        for state in LAMP_STATES:
            centre = pixel(*lamp_centre_m(head, state), camera=camera)
            radius = camera.focal_px * LAMP_RADIUS_M / y
            shining, dark = LAMP_COLOURS[state]
            colour = shining if state == lit else tuple(brightness * c + 6 for c in dark)
            at = (round(centre[0] * 16), round(centre[1] * 16))
            cv2.circle(frame, at, round(radius * 16), colour, -1, cv2.LINE_AA, 4)
