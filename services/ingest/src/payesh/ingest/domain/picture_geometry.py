"""Points and polygons that an operator marks in a camera's picture, in pixels from its top left."""

from collections.abc import Sequence
from itertools import pairwise

PixelPoint = tuple[float, float]


def lies_inside(point_px: PixelPoint, width_px: float, height_px: float) -> bool:
    """Whether a point lies in the picture; its edges belong to it."""
    x_px, y_px = point_px
    return 0 <= x_px <= width_px and 0 <= y_px <= height_px


def encloses_area(polygon_px: Sequence[PixelPoint]) -> bool:
    """Whether at least three points enclose an area (shoelace formula).

    >>> encloses_area([(0, 0), (4, 0), (4, 4)])
    True
    >>> encloses_area([(0, 0), (2, 2), (4, 4)]), encloses_area([(0, 0), (4, 4), (0, 0)])
    (False, False)
    """
    ring = [*polygon_px, polygon_px[0]]
    doubled = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring))
    return len(set(polygon_px)) >= 3 and abs(doubled) > 1e-9
