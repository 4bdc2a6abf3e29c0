"""A vehicle's speed with its uncertainty, after the GUM (JCGM 100:2008).

The slope of position over time is fitted by weighted least squares; what repeats from frame to
frame (surveyed lengths, height of the seen edge over the road) does not average out and is added
as its own term.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

KMH_PER_MS = 3.6
MINIMUM_POSITIONS = 6
_OUTLIER_SIGMAS = 4.0
_COVERAGE_K = 1.96
_LEAST_EFFECTIVE = 2.0
"""Effective degrees of freedom, corrected for autocorrelation: never fewer than these."""
_RHO_SIGMAS = 1.0
_MOST_LEFT_OUT = 0.2
_MOST_LEFT_OUT_IN_A_PIECE = 0.12
_MOST_LEFT_OUT_AT_THE_END = 0.05
_JUMP_M = 1.5
"""Less than any two vehicles on one lane are apart …"""
_JUMP_SIGMAS = 8.0
"""… and more than an edge that flickers moves."""


@dataclass(frozen=True, slots=True)
class SpeedUncertaintyBudget:
    """The terms of a speed's uncertainty apart from the scatter of its positions; all 95 %."""

    camera_height_m: float
    length_scale_u95: float
    ground_u95_m: float
    survey_span_m: float
    """Distance along the road between the farthest control points."""
    edge_height_m: float = 0.0
    """Height over the road at which the seen lower edge of a vehicle lies on average …"""
    edge_height_u95_m: float = 0.12
    """… and how far from that it may be."""
    edge_shift_u95: float = 1.5
    """How far from its true row the edge may lie in every frame alike, in units of `sigma_m`: blur
    and the coarser colour planes move it outwards, by more metres far away than near."""
    frame_time_u95_s: float = 0.002
    time_scale_u95: float = 0.0
    """How far all differences of time may be wrong alike, as a share of them: frames that are not
    stamped at the rate at which they were taken."""
    floor_relative: float = 0.006
    floor_kmh: float = 0.4
    """No interval is narrower than this, however well the fit agrees."""


@dataclass(frozen=True, slots=True)
class SpeedEstimate:
    """The 95 % interval is `speed_kmh` ± `speed_u95_kmh`."""

    speed_kmh: float
    speed_u95_kmh: float
    positions: int
    travelled_m: float

    @property
    def lower_bound_kmh(self) -> float:
        return self.speed_kmh - self.speed_u95_kmh


def estimate_speed(
    time_s: Floats, along_m: Floats, sigma_m: Floats, budget: SpeedUncertaintyBudget
) -> SpeedEstimate | None:
    """Speed of a vehicle seen at `along_m` (n,) (growing in its direction) at `time_s` (n,).

    `sigma_m` (n,) is the relative scatter expected of each position: far rows are worth more
    metres. None when there are too few positions, when the vehicle did not move forward, and when
    the positions may be those of two vehicles.
    """
    if len(time_s) < MINIMUM_POSITIONS:
        return None
    keep = _without_outliers(time_s, along_m, sigma_m)
    if keep.sum() < MINIMUM_POSITIONS or mixes_two_vehicles(keep):
        return None
    time_s, along_m, sigma_m = time_s[keep], along_m[keep], sigma_m[keep]
    slope_ms, residual = _fit(time_s, along_m, sigma_m)
    duration_s = float(time_s[-1] - time_s[0])
    if slope_ms <= 0 or duration_s <= 0 or _jumps(residual, sigma_m):
        return None
    weight = 1.0 / sigma_m**2
    centred = time_s - np.average(time_s, weights=weight)
    information = float(np.sum(weight * centred**2))
    count = len(time_s)
    variance = float(np.sum(weight * residual**2)) / (count - 2)
    inflation = _autocorrelation_inflation(residual / sigma_m)
    effective = max(count / inflation - 2.0, _LEAST_EFFECTIVE)
    u_fit = student_975(effective) * np.sqrt(variance / information * inflation)

    apparent = slope_ms
    # An edge h above the road appears at distance d·H/(H-h): all lengths scale alike.
    true_ms = apparent * (1.0 - budget.edge_height_m / budget.camera_height_m)
    u_edge = apparent * budget.edge_height_u95_m / budget.camera_height_m
    shift_ms, _ = _fit(time_s, sigma_m, sigma_m)
    u_shift = abs(shift_ms) * budget.edge_shift_u95
    u_scale = true_ms * budget.length_scale_u95
    u_survey = true_ms * budget.ground_u95_m * np.sqrt(2.0) / max(budget.survey_span_m, 1.0)
    u_time = true_ms * budget.frame_time_u95_s * np.sqrt(2.0) / duration_s
    u_rate = true_ms * budget.time_scale_u95
    u_floor = max(true_ms * budget.floor_relative, budget.floor_kmh / KMH_PER_MS)
    u95_ms = np.sqrt(
        float(u_fit) ** 2
        + u_edge**2
        + u_shift**2
        + u_scale**2
        + u_survey**2
        + u_time**2
        + u_rate**2
        + u_floor**2
    )
    return SpeedEstimate(
        speed_kmh=float(true_ms * KMH_PER_MS),
        speed_u95_kmh=float(u95_ms * KMH_PER_MS),
        positions=count,
        travelled_m=float(along_m[-1] - along_m[0]),
    )


def _fit(time_s: Floats, along_m: Floats, sigma_m: Floats) -> tuple[float, Floats]:
    weight = 1.0 / sigma_m**2
    mean_t = np.average(time_s, weights=weight)
    mean_y = np.average(along_m, weights=weight)
    centred = time_s - mean_t
    spread = float(np.sum(weight * centred**2))
    if spread <= 0:
        return 0.0, along_m - mean_y
    slope = float(np.sum(weight * centred * (along_m - mean_y)) / spread)
    return slope, along_m - mean_y - slope * centred


def _without_outliers(time_s: Floats, along_m: Floats, sigma_m: Floats) -> NDArray[np.bool_]:
    """Mask of positions within four robust deviations, found in three passes.

    The first pass takes the median of slopes over half the series (after Theil 1950 and Sen 1968).
    A fitted line would be bent by a box that sticks to a pole or to the picture's edge: such a box
    lies where a pixel is worth fewest metres, so it weighs most.
    """
    half = len(time_s) // 2
    lag_s = time_s[half:] - time_s[: len(time_s) - half]
    way_m = along_m[half:] - along_m[: len(time_s) - half]
    slope = float(np.median(way_m / np.maximum(lag_s, 1e-9)))
    keep = np.ones(len(time_s), dtype=bool)
    for _ in range(3):
        offset = np.median(along_m[keep] - slope * time_s[keep])
        scaled = (along_m - offset - slope * time_s) / sigma_m
        spread = 1.4826 * float(np.median(np.abs(scaled[keep]))) + 1e-9
        keep = np.abs(scaled) <= _OUTLIER_SIGMAS * max(spread, 0.25)
        if keep.sum() < MINIMUM_POSITIONS:
            break
        slope, _ = _fit(time_s[keep], along_m[keep], sigma_m[keep])
    return keep


def mixes_two_vehicles(keep: NDArray[np.bool_]) -> bool:
    """Whether the positions kept by the outlier test may belong to two vehicles: so many were left
    out, or so many in one piece, that the tracker may have changed over to another vehicle, which
    the last pictures then show."""
    kept = np.flatnonzero(keep)
    pieces = np.diff(np.concatenate([[-1], kept, [len(keep)]])) - 1
    return bool(
        # A few of a short series are left out by chance.
        (~keep).sum() > max(4, _MOST_LEFT_OUT * len(keep))
        or pieces[1:-1].max(initial=0) > max(3, _MOST_LEFT_OUT_IN_A_PIECE * len(keep))
        or pieces[-1] > max(2, _MOST_LEFT_OUT_AT_THE_END * len(keep))
    )


def _jumps(residual_m: Floats, sigma_m: Floats) -> bool:
    """Whether the positions go on at another place from one moment to the next."""
    step = np.diff(residual_m)
    scaled = step / np.maximum(sigma_m[1:], sigma_m[:-1])
    centred = np.abs(scaled - np.median(scaled))
    spread = max(1.4826 * float(np.median(centred)), 0.25)
    return bool(np.any((centred > _JUMP_SIGMAS * spread) & (np.abs(step) > _JUMP_M)))


def _autocorrelation_inflation(scaled_residual: Floats) -> float:
    """(1+ρ)/(1-ρ) for the lag-one correlation ρ ≥ 0 of neighbouring residuals."""
    power = float(np.sum(scaled_residual**2))
    if power <= 0:
        return 1.0
    count = len(scaled_residual)
    rho = float(np.sum(scaled_residual[1:] * scaled_residual[:-1])) / power
    # The estimate is biased low by about (1 + 3ρ)/n in short series (Kendall 1954) and has a
    # standard deviation of about 1/√n (Bartlett 1946): ρ is taken one deviation higher.
    rho += (1.0 + 3.0 * max(rho, 0.0)) / count + _RHO_SIGMAS / np.sqrt(count)
    rho = min(max(rho, 0.0), 0.95)
    return float((1.0 + rho) / (1.0 - rho))


def student_975(degrees: float) -> float:
    """The 97.5 % point of Student's t, by its expansion about the normal one (Abramowitz & Stegun
    26.7.5); within 1 % for three degrees of freedom or more."""
    z = _COVERAGE_K
    return float(
        z
        + (z**3 + z) / (4 * degrees)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
    )
