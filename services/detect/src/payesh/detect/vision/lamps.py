"""How a lamp's place in the picture looks: the colour of its most colourful pixels."""

import numpy as np

from payesh.detect.domain.signals import NOTHING, LampLook
from payesh.detect.frames import Frame

LEAST_PX = 4.0
"""A smaller lamp has no pixel of chroma of its own."""
_MOST_COLOURFUL = 0.25


def look_at(frame: Frame, box: tuple[float, float, float, float]) -> LampLook:
    """The look of a box in pixels: mean chroma of the quarter of it that is most colourful."""
    left, top, right, bottom = box
    if min(right - left, bottom - top) < LEAST_PX:
        return NOTHING
    rows = slice(max(int(top) // 2, 0), -(-int(bottom) // 2))
    columns = slice(max(int(left) // 2, 0), -(-int(right) // 2))
    blue = frame.chroma_u[rows, columns].astype(np.float64).ravel() - 128.0
    red = frame.chroma_v[rows, columns].astype(np.float64).ravel() - 128.0
    if not len(blue):
        return NOTHING
    count = max(1, round(_MOST_COLOURFUL * len(blue)))
    colourful = np.argsort(-np.hypot(blue, red), kind="stable")[:count]
    return LampLook(float(blue[colourful].mean()), float(red[colourful].mean()))
