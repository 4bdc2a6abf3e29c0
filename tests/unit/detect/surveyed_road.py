"""A pinhole camera over a flat road, whose marks and vehicles are projected exactly."""

from dataclasses import dataclass

import numpy as np

from payesh.detect.domain.survey import MarkedPoint, MeasuredDistance


@dataclass(frozen=True)
class RoadCamera:
    """Looks along the road, turned away from its direction by `yaw_deg`."""

    focal_px: float = 2000.0
    height_m: float = 9.0
    tilt_deg: float = 20.0
    roll_deg: float = 2.0
    yaw_deg: float = 15.0
    picture_px: tuple[int, int] = (1920, 1080)

    def project(self, ground_m: object, above_m: float = 0.0) -> np.ndarray:
        """Pixels (n, 2) of points (n, 2): x right of the camera's foot, y along the road."""
        x, y = np.asarray(ground_m, dtype=float).reshape(-1, 2).T
        yaw, tilt, roll = np.radians([self.yaw_deg, self.tilt_deg, self.roll_deg])
        right, ahead = x * np.cos(yaw) - y * np.sin(yaw), x * np.sin(yaw) + y * np.cos(yaw)
        drop = self.height_m - above_m
        depth = ahead * np.cos(tilt) + drop * np.sin(tilt)
        down = drop * np.cos(tilt) - ahead * np.sin(tilt)
        u, v = self.focal_px * right / depth, self.focal_px * down / depth
        turned = np.column_stack(
            [u * np.cos(roll) + v * np.sin(roll), -u * np.sin(roll) + v * np.cos(roll)]
        )
        return turned + np.array(self.picture_px) / 2

    def vanishing_px(self) -> tuple[float, float]:
        (far,) = self.project([(0.0, 1e9)])
        return float(far[0]), float(far[1])

    def distance(
        self, start: tuple[float, float], end: tuple[float, float], *, along_road: bool
    ) -> MeasuredDistance:
        first, second = self.project([start, end])
        metres = float(np.hypot(end[0] - start[0], end[1] - start[1]))
        return MeasuredDistance(pixel(first), pixel(second), metres, along_road)

    def point(self, ground_m: tuple[float, float]) -> MarkedPoint:
        return MarkedPoint(pixel(self.project([ground_m])[0]), ground_m)

    def surveyed(self) -> tuple[MeasuredDistance, ...]:
        """A chain of 7 m on one edge, one length on the other, and both ends across."""
        left, right, ys = 3.0, 11.0, (20.0, 27.0, 34.0, 41.0, 48.0)
        chain = [self.distance((left, y), (left, y + 7.0), along_road=True) for y in ys[:-1]]
        return (
            *chain,
            self.distance((right, 20.0), (right, 48.0), along_road=True),
            self.distance((left, 20.0), (right, 20.0), along_road=False),
            self.distance((left, 48.0), (right, 48.0), along_road=False),
        )


def pixel(point: np.ndarray) -> tuple[float, float]:
    return float(point[0]), float(point[1])
