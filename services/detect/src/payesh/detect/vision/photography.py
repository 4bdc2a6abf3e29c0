"""Photography: pictures of a followed vehicle, of which its gallery keeps the best."""

from datetime import datetime
from typing import Any

import numpy as np

from payesh.detect.domain.detections import Detections
from payesh.detect.domain.gallery import Candidate, Gallery, shot_quality
from payesh.detect.frames import Frame, sharpness
from payesh.detect.vision.pictures import Picture
from payesh.detect.vision.sightings import BORDER_PX

_SMALLEST_SIDE_PX = 8


def photograph(
    gallery: Gallery[Picture],
    frame: Frame,
    detections: Detections,
    row: int,
    *,
    sequence: int,
    frame_at: datetime,
) -> None:
    """Offer the gallery a picture of the vehicle in a row of the frame's detections."""
    box = detections.box(row)
    left, top, right, bottom = (round(v) for v in box)
    if right - left < _SMALLEST_SIDE_PX or bottom - top < _SMALLEST_SIDE_PX:
        return
    complete = (
        left > BORDER_PX
        and top > BORDER_PX
        and right < frame.width_px - BORDER_PX
        and bottom < frame.height_px - BORDER_PX
    )
    sharp = sharpness(frame.luma[max(top, 0) : bottom, max(left, 0) : right])
    quality = shot_quality(
        width_px=right - left,
        height_px=bottom - top,
        sharpness=sharp,
        complete=complete,
        clear_share=_clear_share(detections, row),
    )
    if gallery.wants(frame.time_s, quality):
        picture = Picture.take(frame, box, sequence, frame_at, sharp)
        gallery.offer(Candidate(frame.time_s, quality, picture))


def _clear_share(detections: Detections, row: int) -> float:
    """Share of a box that no other box covers, at least; 1 for a lone vehicle."""
    boxes: Any = detections.xyxy
    own = boxes[row]
    wide = np.minimum(boxes[:, 2], own[2]) - np.maximum(boxes[:, 0], own[0])
    high = np.minimum(boxes[:, 3], own[3]) - np.maximum(boxes[:, 1], own[1])
    covered = np.clip(wide, 0, None) * np.clip(high, 0, None)
    covered[row] = 0.0
    area = max(float((own[2] - own[0]) * (own[3] - own[1])), 1.0)
    return float(max(0.2, 1.0 - covered.sum() / area))
