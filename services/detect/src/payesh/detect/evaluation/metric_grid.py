"""A still with the calibrated metres drawn on its road, to look at before a revision is stored."""

from pathlib import Path

import cv2
import numpy as np

from payesh.detect.domain.calibration import Calibration
from payesh.detect.domain.survey import Survey
from payesh.detect.frames import Bytes

_GRID, _AXIS, _AGREES, _DISAGREES, _INK = (
    (200, 200, 60),
    (255, 255, 255),
    (80, 220, 80),
    (60, 60, 255),
    (255, 255, 255),
)
_ALONG_EVERY_M, _ACROSS_EVERY_M = 5.0, 1.0
_DISAGREES_SIGMAS = 2.0
_MOST_LINES = 200


def drawn_grid(still: Bytes, survey: Survey, calibration: Calibration) -> Bytes:
    """Lines a metre apart across and five along, over the extent of the marks; measured distances
    in green, or in red where the plane is more than two standard deviations off."""
    sheet = still.copy()
    (left, right), (near, far) = calibration.across_m, calibration.along_m
    for x in _steps(left, right, _ACROSS_EVERY_M):
        _line(sheet, calibration, (x, near), (x, far))
    for y in _steps(near, far, _ALONG_EVERY_M):
        end = _line(sheet, calibration, (left, y), (right, y))
        _write(sheet, f"{y:.0f} m", (end[0] + 6, end[1]), _AXIS)
    for distance, residual in zip(survey.distances, calibration.residuals, strict=False):
        off = abs(residual.difference_m) > _DISAGREES_SIGMAS * residual.sigma_m
        colour = _DISAGREES if off else _AGREES
        start, end = _pixel(distance.from_px), _pixel(distance.to_px)
        cv2.line(sheet, start, end, colour, 2, cv2.LINE_AA)
        middle = (start[0] + end[0]) // 2, (start[1] + end[1]) // 2
        _write(sheet, f"{residual.measured_m:.2f} {residual.difference_m:+.2f}", middle, colour)
    for point in survey.points:
        cv2.drawMarker(sheet, _pixel(point.image_px), _AGREES, cv2.MARKER_CROSS, 16, 2)
    _write(
        sheet,
        f"height {calibration.camera_height_m:.2f} +- {calibration.camera_height_u95_m:.2f} m, "
        f"lengths +- {100 * calibration.length_scale_u95:.1f} %, "
        f"misfit {calibration.misfit:.1f}",
        (12, 28),
        _INK,
    )
    return sheet


def write_picture(path: Path, picture: Bytes) -> None:
    """The suffix of `path` chooses the format. Raises OSError."""
    if not cv2.imwrite(str(path), picture):
        raise OSError(f"{path} cannot be written")


def _steps(least: float, greatest: float, every: float) -> list[float]:
    first = float(np.ceil(least / every) * every)
    count = min(int((greatest - first) / every) + 1, _MOST_LINES)
    return [first + number * every for number in range(count)]


def _line(
    sheet: Bytes, calibration: Calibration, start: tuple[float, float], end: tuple[float, float]
) -> tuple[int, int]:
    ends = calibration.plane.image([start, end])
    first, second = _pixel(ends[0]), _pixel(ends[1])
    cv2.line(sheet, first, second, _GRID, 1, cv2.LINE_AA)
    return second


def _pixel(point: object) -> tuple[int, int]:
    x, y = np.clip(np.asarray(point, dtype=np.float64), -30_000, 30_000)
    return round(float(x)), round(float(y))


def _write(sheet: Bytes, text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.6
    (width, height), below = cv2.getTextSize(text, font, scale, 1)
    corner, opposite = (at[0] - 2, at[1] - height - 3), (at[0] + width + 2, at[1] + below)
    cv2.rectangle(sheet, corner, opposite, (0, 0, 0), cv2.FILLED)
    cv2.putText(sheet, text, at, font, scale, colour, 1, cv2.LINE_AA)
