"""From pixels to metres on the road, by a plane homography.

Hartley & Zisserman, Multiple View Geometry, 2nd ed.: the normalised DLT is algorithm 4.2.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating[Any]]


class DegenerateControlPoints(ValueError):
    """The control points do not fix a homography: too few, or three of four on one line."""


@dataclass(frozen=True, slots=True)
class GroundPlane:
    """Maps image pixels to ground metres (x across the road, y along it) and back."""

    image_to_ground: Floats
    """(3, 3), scaled so that its last element is 1."""

    def ground(self, pixels: ArrayLike) -> Floats:
        """Ground points (n, 2) in metres of `pixels` (n, 2)."""
        return _apply(self.image_to_ground, np.asarray(pixels, dtype=np.float64).reshape(-1, 2))

    def image(self, ground_m: ArrayLike) -> Floats:
        """Pixels (n, 2) of ground points (n, 2) in metres."""
        inverse = np.linalg.inv(self.image_to_ground)
        return _apply(inverse, np.asarray(ground_m, dtype=np.float64).reshape(-1, 2))

    def metres_per_row(self, pixels: ArrayLike) -> Floats:
        """|dy/dv| (n,): how many metres along the road one pixel row is worth at `pixels`."""
        points = np.asarray(pixels, dtype=np.float64).reshape(-1, 2)
        half = np.array([0.0, 0.5])
        step = self.ground(points + half) - self.ground(points - half)
        return np.abs(step[:, 1])


def ground_plane(image_px: ArrayLike, ground_m: ArrayLike) -> GroundPlane:
    """The plane through at least four control points, pixels (n, 2) to metres (n, 2).

    Least squares over all points. Raises DegenerateControlPoints.

    >>> plane = ground_plane([(0, 0), (10, 0), (10, 10), (0, 10)], [(0, 0), (1, 0), (1, 1), (0, 1)])
    >>> plane.ground([(5, 5)]).round(6).tolist()
    [[0.5, 0.5]]
    """
    pixels = np.asarray(image_px, dtype=np.float64).reshape(-1, 2)
    metres = np.asarray(ground_m, dtype=np.float64).reshape(-1, 2)
    if len(pixels) < 4 or len(pixels) != len(metres):
        raise DegenerateControlPoints("a homography needs four control points or more")
    from_pixels, to_metres = _normalisation(pixels), _normalisation(metres)
    source, target = _apply(from_pixels, pixels), _apply(to_metres, metres)
    rows = np.zeros((2 * len(source), 9))
    homogeneous = np.hstack([source, np.ones((len(source), 1))])
    rows[0::2, 3:6] = -homogeneous
    rows[0::2, 6:9] = target[:, 1:2] * homogeneous
    rows[1::2, 0:3] = homogeneous
    rows[1::2, 6:9] = -target[:, 0:1] * homogeneous
    _, singular, right = np.linalg.svd(rows)
    if singular[7] < 1e-7 * singular[0]:
        raise DegenerateControlPoints("the control points lie on a line")
    matrix = np.linalg.inv(to_metres) @ right[-1].reshape(3, 3) @ from_pixels
    if abs(matrix[2, 2]) < 1e-12 or abs(np.linalg.det(matrix / matrix[2, 2])) < 1e-15:
        raise DegenerateControlPoints("the control points give a singular homography")
    return GroundPlane(matrix / matrix[2, 2])


def _normalisation(points: Floats) -> Floats:
    """Similarity that brings the centroid to the origin and the mean distance to sqrt(2)."""
    centre = points.mean(axis=0)
    distance = float(np.linalg.norm(points - centre, axis=1).mean())
    if distance < 1e-12:
        raise DegenerateControlPoints("the control points coincide")
    scale = np.sqrt(2.0) / distance
    return np.array(
        [[scale, 0.0, -scale * centre[0]], [0.0, scale, -scale * centre[1]], [0.0, 0.0, 1.0]]
    )


def _apply(matrix: Floats, points: Floats) -> Floats:
    mapped = np.hstack([points, np.ones((len(points), 1))]) @ matrix.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:3])
