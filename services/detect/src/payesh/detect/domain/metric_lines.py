"""Lines of a metric grid on the calibrated road, as pixels of the picture."""

from dataclasses import dataclass

import numpy as np

from payesh.detect.domain.calibration import Calibration
from payesh.detect.domain.survey import Pixel

ALONG_EVERY_M, ACROSS_EVERY_M = 5.0, 1.0
_MOST_LINES = 200
_FARTHEST_PX = 30_000.0


@dataclass(frozen=True, slots=True)
class MetricLine:
    """A straight line on the road at one coordinate: `across_m` (runs along the road) or `along_m`
    (runs across it); the other is None."""

    from_px: Pixel
    to_px: Pixel
    across_m: float | None = None
    along_m: float | None = None


def metric_lines(calibration: Calibration) -> tuple[MetricLine, ...]:
    """Over the extent of the marks: one a metre across the road and one every five along it."""
    (left, right), (near, far) = calibration.across_m, calibration.along_m
    lines = []
    for x in _steps(left, right, ACROSS_EVERY_M):
        lines.append(MetricLine(*_ends(calibration, (x, near), (x, far)), across_m=x))
    for y in _steps(near, far, ALONG_EVERY_M):
        lines.append(MetricLine(*_ends(calibration, (left, y), (right, y)), along_m=y))
    return tuple(lines)


def _ends(
    calibration: Calibration, start: tuple[float, float], end: tuple[float, float]
) -> tuple[Pixel, Pixel]:
    pixels = np.clip(calibration.plane.image([start, end]), -_FARTHEST_PX, _FARTHEST_PX)
    (u0, v0), (u1, v1) = pixels.tolist()
    return (u0, v0), (u1, v1)


def _steps(least: float, greatest: float, every: float) -> list[float]:
    first = float(np.ceil(least / every) * every)
    count = min(int((greatest - first) / every) + 1, _MOST_LINES)
    return [first + number * every for number in range(count)]
