"""Speeds of recorded tracks by the service's own rule, on a plane calibrated from what was measured
on the road."""

from collections.abc import Iterable

import numpy as np

from payesh.detect.domain.calibration import Calibration
from payesh.detect.domain.geometry import Floats
from payesh.detect.domain.speed import SpeedEstimate, SpeedUncertaintyBudget, estimate_speed
from payesh.detect.evaluation.recording import RecordedTrack

EDGE_HEIGHT_M, EDGE_HEIGHT_U95_M = 0.09, 0.11
"""How high over the road the followed point lies on average: anywhere from the road itself (the
shadow under a vehicle counted in) to the lower lip of a car's bumper, about 0.18 m; the middle is
taken for all recordings alike. Tracks cannot show it: a plane h higher looks the same, only
larger."""
_SIGMA_ROWS, _SIGMA_M = 1.0, 0.1
"""Scatter of a position: a row of the picture, and how the seen edge moves on the vehicle."""
_LEAST_WAY_OF_ZONE = 0.3
_WINDOW = 5
_STUCK = 0.7
_FEWEST_POSITIONS = 12


def budget_of(calibration: Calibration) -> SpeedUncertaintyBudget:
    near_m, far_m = calibration.along_m
    return SpeedUncertaintyBudget(
        camera_height_m=calibration.camera_height_m,
        length_scale_u95=calibration.length_scale_u95,
        ground_u95_m=calibration.ground_u95_m,
        survey_span_m=far_m - near_m,
        edge_height_m=EDGE_HEIGHT_M,
        edge_height_u95_m=EDGE_HEIGHT_U95_M,
    )


def speeds_of(
    tracks: Iterable[RecordedTrack], calibration: Calibration
) -> dict[int | str, SpeedEstimate]:
    """Speed by track; tracks that are too short, or may be of two vehicles, have none."""
    budget = budget_of(calibration)
    found = {}
    for track in tracks:
        speed = _speed(track, calibration, budget)
        if speed is not None:
            found[track.track_id] = speed
    return found


def _speed(
    track: RecordedTrack, calibration: Calibration, budget: SpeedUncertaintyBudget
) -> SpeedEstimate | None:
    near_m, far_m = calibration.along_m
    margin_m = 0.05 * (far_m - near_m)
    along_m = calibration.plane.ground(track.pixels)[:, 1]
    inside = (along_m >= near_m - margin_m) & (along_m <= far_m + margin_m)
    if inside.sum() < _FEWEST_POSITIONS:
        return None
    time_s, along_m = track.time_s[inside], along_m[inside]
    if along_m[-1] < along_m[0]:
        along_m = -along_m
    steady = _steady(time_s, along_m)
    time_s, along_m, pixels = time_s[steady], along_m[steady], track.pixels[inside][steady]
    if len(time_s) < _FEWEST_POSITIONS:
        return None
    rows_m = calibration.plane.metres_per_row(pixels) * _SIGMA_ROWS
    speed = estimate_speed(time_s, along_m, np.hypot(rows_m, _SIGMA_M), budget)
    if speed is None or speed.travelled_m < _LEAST_WAY_OF_ZONE * (far_m - near_m):
        return None
    return speed


def _steady(time_s: Floats, along_m: Floats) -> slice:
    """Without beginning and end at which the point sticks to the border of the followed area: the
    box is cut there, and a track of points does not show it."""
    half, lag = len(time_s) // 2, _WINDOW - 1
    typical = np.median(
        (along_m[half:] - along_m[: len(along_m) - half])
        / (time_s[half:] - time_s[: len(time_s) - half])
    )
    pace = (along_m[lag:] - along_m[:-lag]) / (time_s[lag:] - time_s[:-lag])
    moving = np.flatnonzero(pace >= _STUCK * typical)
    if typical <= 0 or not len(moving):
        return slice(0)
    first, last = int(moving[0]), int(moving[-1]) + lag
    # The window that moves may still reach into the piece that sticks.
    return slice(first + 2 * (first > 0), last + 1 - 2 * (last + 1 < len(time_s)))
