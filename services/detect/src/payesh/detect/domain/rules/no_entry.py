"""No entry: a vehicle enters a region that is closed to it, always or at this hour."""

from dataclasses import dataclass, field

from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules.certainty import is_inside, is_unsure, surely_applies
from payesh.detect.domain.rules.finding import Facts, Finding, Margin, StayFact
from payesh.detect.domain.rules.rule import RuleKind, State
from payesh.detect.domain.rules.run import Run, continued, goes_far
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import Trajectory

NAME = REGION = "no_entry"
LEAST_BOXES = 2.5
"""So far into the region: one that turns round at its edge, or is put there by a box that flickers,
does not get there."""
LEAST_M = 10.0
LEAST_SIGHTINGS = 5
GRACE_S = 0.5


@dataclass(slots=True)
class NoEntry:
    """Remembers when its vehicle was last surely outside of each region, and its way inside."""

    outside_s: dict[str, float] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    spoiled: bool = False

    def observe(self, trajectory: Trajectory, scene: Scene, time: Moment) -> Finding | None:
        self.spoiled = self.spoiled or is_unsure(trajectory, scene)
        if self.spoiled or trajectory.is_over:
            return None
        point = trajectory.picture[-1]
        if not point.alone:
            return None
        for region in scene.regions_of(REGION):
            inside = is_inside(region.polygon, point, scene.row_px)
            if inside is False:
                self.outside_s[region.name] = time.time_s
                self.runs.pop(region.name, None)
            if not inside or region.name not in self.outside_s:
                continue
            run = continued(self.runs.get(region.name), region.name, point, scene.row_px)
            if region.name in self.runs and run is not self.runs[region.name]:
                # Out of sight in between: it may have come from inside.
                self.spoiled = True
                return None
            self.runs[region.name] = run
            outside = trajectory.moment(self.outside_s[region.name])
            applies = all(
                surely_applies(region.scope, trajectory.vehicle_class, at)
                for at in (outside.at, time.at)
            )
            margin = Margin("inside_s", run.duration_s, 2 * run.longest_step_s, GRACE_S)
            if (
                applies
                and run.sightings >= LEAST_SIGHTINGS
                and goes_far(run, scene.plane, boxes=LEAST_BOXES, metres=LEAST_M)
                and margin.lower_bound > 0.0
            ):
                entered = trajectory.moment(run.since_s)
                stay = StayFact(region.name, entered.at, left_at=None, stationary_ms=None)
                return Finding(
                    Facts(margin, stay=stay), run.since_s, outside.time_s, to_s=time.time_s
                )
        return None

    def to_state(self) -> State:
        return {
            "outside_s": dict(self.outside_s),
            "runs": {name: run.to_state() for name, run in self.runs.items()},
            "spoiled": self.spoiled,
        }

    @classmethod
    def from_state(cls, state: State) -> "NoEntry":
        runs = {name: Run.from_state(run) for name, run in state["runs"].items()}
        return cls(
            {name: float(time_s) for name, time_s in state["outside_s"].items()},
            {name: run for name, run in runs.items() if run is not None},
            bool(state["spoiled"]),
        )


def _is_armed_by(scene: Scene) -> bool:
    return bool(scene.regions_of(REGION))


RULE = RuleKind(name=NAME, version=1, factory=NoEntry, is_armed_by=_is_armed_by)
