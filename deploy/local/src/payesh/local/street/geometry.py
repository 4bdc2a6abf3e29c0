"""Geometry of the camera and the road.

Road frame, in metres: x to the right as the camera looks, y along the road away from
the camera's foot, z up from the asphalt. Traffic comes towards the camera, so y falls.
Pixels: u to the right, v down; the image's top left corner is (0, 0), so the middle of its
first pixel is (0.5, 0.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class PinholeCamera:
    """A camera above the road at (x_m, 0, height_m), looking along +y and down by pitch_deg."""

    width_px: int = 1920
    height_px: int = 1080
    focal_px: float = 4200.0
    x_m: float = 0.0
    height_m: float = 6.5
    pitch_deg: float = 12.7

    @property
    def matrix(self) -> Floats:
        """Intrinsic matrix K, shape (3, 3)."""
        return np.array(
            [
                [self.focal_px, 0.0, self.width_px / 2],
                [0.0, self.focal_px, self.height_px / 2],
                [0.0, 0.0, 1.0],
            ]
        )

    @property
    def rotation(self) -> Floats:
        """World-to-camera rotation, shape (3, 3); rows are the camera's right, down, forward."""
        c, s = cos(radians(self.pitch_deg)), sin(radians(self.pitch_deg))
        return np.array([[1.0, 0.0, 0.0], [0.0, -s, -c], [0.0, c, -s]])

    @property
    def position(self) -> Floats:
        """Optical centre in the road frame, shape (3,)."""
        return np.array([self.x_m, 0.0, self.height_m])

    def project(self, points_m: Floats) -> Floats:
        """Pixels (N, 2) of road-frame points (N, 3), which must lie in front of the camera."""
        rays = (points_m - self.position) @ self.rotation.T @ self.matrix.T
        return np.asarray(rays[:, :2] / rays[:, 2:3])

    def ground(self, pixels: Floats) -> Floats:
        """Points (N, 2) of the ground plane z = 0 seen at `pixels` (N, 2), below the horizon."""
        homogeneous = np.hstack([pixels, np.ones((len(pixels), 1))])
        rays = homogeneous @ np.linalg.inv(self.matrix).T @ self.rotation
        scale = -self.height_m / rays[:, 2:3]
        return np.asarray(self.position[:2] + rays[:, :2] * scale)


@dataclass(frozen=True, slots=True)
class Road:
    """One carriageway of an urban arterial; lane 1 lies at the kerb, the highest at the median.

    Traffic drives on the right, so seen from the front lane 1 is on the left of the image.
    """

    lanes: int = 3
    lane_width_m: float = 3.25
    entry_line_m: float = 42.0
    exit_line_m: float = 20.0
    speed_limit_kmh: float = 60.0

    def lane_centre_m(self, lane: int) -> float:
        """x of the middle of `lane` (1 … lanes)."""
        return (lane - (self.lanes + 1) / 2) * self.lane_width_m

    @property
    def half_width_m(self) -> float:
        """Distance from the carriageway's middle to its edge line."""
        return self.lanes * self.lane_width_m / 2


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """One surveyed point of the asphalt and its pixel."""

    u_px: float
    v_px: float
    x_m: float
    y_m: float


def control_points(camera: PinholeCamera, road: Road) -> tuple[ControlPoint, ...]:
    """Eight points on the lane borders, spread over the measured zone and beyond it."""
    middle_m = (road.entry_line_m + road.exit_line_m) / 2
    inner_m = road.lane_width_m / 2
    outer_m = road.half_width_m
    xy = [
        (x, y) for y in (road.exit_line_m, middle_m, road.entry_line_m) for x in (-inner_m, inner_m)
    ]
    xy += [(-outer_m, road.entry_line_m), (outer_m, road.entry_line_m)]
    pixels = camera.project(np.array([(x, y, 0.0) for x, y in xy]))
    return tuple(
        ControlPoint(round(float(u), 3), round(float(v), 3), x, y)
        for (u, v), (x, y) in zip(pixels, xy, strict=True)
    )
