"""A still with the calibrated metres drawn on its road, to look at before a revision is stored."""

from pathlib import Path

import cv2
import numpy as np

from payesh.detect.domain.calibration import Calibration
from payesh.detect.domain.metric_lines import metric_lines
from payesh.detect.domain.survey import Survey
from payesh.detect.frames import Bytes

_GRID, _AXIS, _AGREES, _DISAGREES, _INK = (
    (200, 200, 60),
    (255, 255, 255),
    (80, 220, 80),
    (60, 60, 255),
    (255, 255, 255),
)
_DISAGREES_SIGMAS = 2.0


def drawn_grid(still: Bytes, survey: Survey, calibration: Calibration) -> Bytes:
    """Lines a metre apart across and five along, over the extent of the marks; measured distances
    in green, or in red where the plane is more than two standard deviations off."""
    sheet = still.copy()
    for line in metric_lines(calibration):
        end = _pixel(line.to_px)
        cv2.line(sheet, _pixel(line.from_px), end, _GRID, 1, cv2.LINE_AA)
        if line.along_m is not None:
            _write(sheet, f"{line.along_m:.0f} m", (end[0] + 6, end[1]), _AXIS)
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


def _pixel(point: object) -> tuple[int, int]:
    x, y = np.clip(np.asarray(point, dtype=np.float64), -30_000, 30_000)
    return round(float(x)), round(float(y))


def _write(sheet: Bytes, text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.6
    (width, height), below = cv2.getTextSize(text, font, scale, 1)
    corner, opposite = (at[0] - 2, at[1] - height - 3), (at[0] + width + 2, at[1] + below)
    cv2.rectangle(sheet, corner, opposite, (0, 0, 0), cv2.FILLED)
    cv2.putText(sheet, text, at, font, scale, colour, 1, cv2.LINE_AA)
