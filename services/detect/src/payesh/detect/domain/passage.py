"""What a trajectory did in the speed zone: its lane, where it left, and how fast it was.

A vehicle's passage is published once, and this is what is published of it.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from payesh.detect.domain.marks import MarkedLane
from payesh.detect.domain.speed import SpeedEstimate, SpeedUncertaintyBudget, estimate_speed
from payesh.detect.domain.speed_zone import SpeedZone
from payesh.detect.domain.trajectory import Trajectory

TIME_LIMIT_S = 30.0
"""A passage is published no later than this after its vehicle appeared."""
MINIMUM_SIGHTINGS = 5
_SEEN_OF_ZONE = 0.25
"""A vehicle is reported if it was followed over this share of the zone."""
_MEASURED_OF_ZONE = 0.4
"""A speed is measured over at least this share of it."""
_MOST_TIME_SCALE_U95 = 0.05
"""No speed is measured with times that may be wrong by more than this share."""


def is_reportable(trajectory: Trajectory, zone: SpeedZone | None) -> bool:
    """Whether this is a vehicle that passes, in either direction, and not a flicker or a far
    shadow."""
    if trajectory.sightings < MINIMUM_SIGHTINGS or not trajectory.has_moved:
        return False
    if zone is None or not trajectory.ground:
        return zone is None
    inside = [p for p in _progress(trajectory, zone) if 0.0 <= p <= 1.0]
    if not inside or max(inside) - min(inside) < _SEEN_OF_ZONE:
        return False
    return lane_of(trajectory, zone) is not None


def lane_of(trajectory: Trajectory, zone: SpeedZone) -> str | None:
    """The zone's lane in which the vehicle was for most of its way through."""
    xs = [p.x_m for p in trajectory.ground if -0.1 <= zone.progress(p.y_m) <= 1.1]
    return zone.lane_at(float(np.median(xs))) if xs else None


def marked_lane_of(trajectory: Trajectory, lanes: Iterable[MarkedLane]) -> str | None:
    """The lane marked in the picture that held the vehicle's foot most often; None if none did."""
    feet = [point.foot_px for point in trajectory.picture if point.whole]
    held = [(sum(map(lane.polygon.holds, feet)), lane.name) for lane in lanes]
    most = max((count for count, _ in held), default=0)
    return min(name for count, name in held if count == most) if most else None


def left_zone_at_s(trajectory: Trajectory, zone: SpeedZone) -> float | None:
    """When the vehicle left the zone, between its last two positions or before; None while it has
    not. A vehicle in the zone's direction leaves at the exit line, another one at the entry line.
    """
    if len(trajectory.ground) < MINIMUM_SIGHTINGS:
        return None
    begun = zone.progress(trajectory.ground[0].y_m)
    earlier, latest = trajectory.ground[-2:]
    before, after = zone.progress(earlier.y_m), zone.progress(latest.y_m)
    if begun < 1.0 <= after:
        line, beyond = 1.0, before >= 1.0
    elif after <= 0.0 < begun:
        line, beyond = 0.0, before <= 0.0
    else:
        return None
    if beyond:
        return latest.time_s
    return earlier.time_s + (latest.time_s - earlier.time_s) * (line - before) / (after - before)


def measured_speed(
    trajectory: Trajectory, zone: SpeedZone, budget: SpeedUncertaintyBudget
) -> SpeedEstimate | None:
    """Speed over the zone in its direction. None when too little of the way was seen, when it may
    be a second speed of the same vehicle, and when the times are not to be trusted."""
    ground = trajectory.ground
    if trajectory.time_scale_u95 > _MOST_TIME_SCALE_U95:
        return None
    budget = replace(budget, time_scale_u95=trajectory.time_scale_u95)
    if trajectory.began_unsure and ground and zone.progress(ground[0].y_m) > 0.0:
        return None
    direction = 1.0 if zone.exit_y_m > zone.entry_y_m else -1.0
    rows = [p for p in ground if -0.02 <= zone.progress(p.y_m) <= 1.05]
    if not rows:
        return None
    table: NDArray[np.float64] = np.array(rows)
    estimate = estimate_speed(table[:, 0], direction * table[:, 2], table[:, 3], budget)
    if estimate is None or estimate.travelled_m < _MEASURED_OF_ZONE * zone.length_m:
        return None
    return estimate


def _progress(trajectory: Trajectory, zone: SpeedZone) -> list[float]:
    return [zone.progress(point.y_m) for point in trajectory.ground]
