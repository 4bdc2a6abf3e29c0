"""From a detection to a sighting: where the vehicle is in the picture and on the road."""

import numpy as np

from payesh.detect.domain.detections import Detections
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import Sighting
from payesh.detect.frames import Frame

_ALONE_OVERLAP = 0.1
"""Of the smaller box: less lies within the scatter of two boxes' edges."""
BORDER_PX = 3
"""A box nearer to the picture's border than this may be cut by it."""


def sighting_of(
    frame: Frame, detections: Detections, row: int, moment: Moment, scene: Scene
) -> Sighting:
    """The vehicle in a row of the frame's detections; on the road only with a calibrated plane."""
    plane = scene.plane
    box = detections.box(row)
    left, top, right, bottom = box
    whole = bottom < frame.height_px - BORDER_PX
    alone = _is_alone(detections, row)
    if not whole or plane is None:
        return Sighting(moment, box, whole, alone=alone)
    foot = ((left + right) / 2, bottom)
    x_m, y_m = (float(v) for v in plane.ground([foot])[0])
    rows_px = 2.0 * scene.row_px + 0.01 * (bottom - top)
    sigma_m = max(float(plane.metres_per_row([foot])[0]) * rows_px, 0.01)
    return Sighting(moment, box, whole, x_m, y_m, sigma_m, alone)


def _is_alone(detections: Detections, row: int) -> bool:
    """Whether no other box of the frame overlaps this one."""
    boxes = detections.xyxy.astype(np.float64)
    sides = np.minimum(boxes[:, 2:], boxes[row, 2:]) - np.maximum(boxes[:, :2], boxes[row, :2])
    shared = np.clip(sides, 0.0, None).prod(axis=1)
    areas = np.clip(boxes[:, 2:] - boxes[:, :2], 1.0, None).prod(axis=1)
    overlap = shared / np.minimum(areas, areas[row])
    overlap[row] = 0.0
    return bool((overlap <= _ALONE_OVERLAP).all())
