"""Speeding: the lower bound of a vehicle's speed is above the posted limit."""

from dataclasses import dataclass

from payesh.detect.domain.moment import Moment
from payesh.detect.domain.passage import is_reportable, lane_of, left_zone_at_s, measured_speed
from payesh.detect.domain.rules.finding import Finding, Quantity
from payesh.detect.domain.rules.rule import RuleKind, State
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.speed import SpeedEstimate
from payesh.detect.domain.trajectory import Trajectory

NAME = "speeding"
LONGEST_EVIDENCE_S = 120.0
"""Of a vehicle that was followed for longer, the end proves its speed: the zone lies there."""


@dataclass(slots=True)
class Speeding:
    """Judges a vehicle once: when it left the measured zone, or when it is gone."""

    judged: bool = False

    def observe(self, trajectory: Trajectory, scene: Scene, time: Moment) -> Finding | None:
        zone, budget = scene.speed_zone, scene.speed_budget
        if self.judged or zone is None or budget is None:
            return None
        left_s = left_zone_at_s(trajectory, zone)
        if left_s is None and not trajectory.is_over:
            return None
        if not is_reportable(trajectory, zone):
            return None
        self.judged = True
        last_s = trajectory.last.time_s
        at_s = left_s if left_s is not None else last_s
        # At the moment that the violation carries: a verifier looks the limit up at that one.
        limit_kmh = scene.speed_limit_kmh(
            trajectory.vehicle_class, lane_of(trajectory, zone), trajectory.moment(at_s).at
        )
        broken = exceeded(measured_speed(trajectory, zone, budget), limit_kmh)
        if broken is None:
            return None
        return Finding(
            measurement=broken,
            at_s=at_s,
            from_s=max(trajectory.first.time_s, last_s - LONGEST_EVIDENCE_S),
            to_s=last_s,
        )

    def to_state(self) -> State:
        return {"judged": self.judged}

    @classmethod
    def from_state(cls, state: State) -> "Speeding":
        return cls(judged=bool(state["judged"]))


def exceeded(speed: SpeedEstimate | None, limit_kmh: float | None) -> Quantity | None:
    """The speed as it breaks the limit. None without a speed or a posted limit, and when the
    interval reaches down to the limit."""
    if speed is None or limit_kmh is None or speed.lower_bound_kmh <= limit_kmh:
        return None
    return Quantity("speed_kmh", speed.speed_kmh, speed.speed_u95_kmh, limit_kmh)


def _is_armed_by(scene: Scene) -> bool:
    """It needs a calibrated plane, a measured zone and a posted limit."""
    return (
        scene.plane is not None
        and scene.speed_zone is not None
        and scene.speed_budget is not None
        and bool(scene.limits)
    )


RULE = RuleKind(name=NAME, version=1, factory=Speeding, is_armed_by=_is_armed_by)
