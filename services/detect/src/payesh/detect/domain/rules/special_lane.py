"""Special lane: a vehicle drives along a lane that is reserved for others."""

from dataclasses import dataclass

from payesh.detect.domain.marks import MarkedLane, Polygon, Region
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules.certainty import (
    is_inside,
    is_unsure,
    surely_applies,
    surely_excluded,
)
from payesh.detect.domain.rules.finding import Facts, Finding, Margin, StayFact
from payesh.detect.domain.rules.rule import RuleKind, State
from payesh.detect.domain.rules.run import Run, continued, goes_far
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.schedule import Scope
from payesh.detect.domain.trajectory import Trajectory

NAME = REGION = "special_lane"
LEAST_BOXES = 4.0
"""Along the lane: one that crosses it to turn, or to reach a parking bay, does not get so far."""
LEAST_M = 15.0
LEAST_SIGHTINGS = 6
GRACE_S = 2.0


@dataclass(slots=True)
class SpecialLane:
    """Remembers for how long and how far its vehicle has been in such a lane."""

    run: Run | None = None
    spoiled: bool = False

    def observe(self, trajectory: Trajectory, scene: Scene, time: Moment) -> Finding | None:
        self.spoiled = self.spoiled or is_unsure(trajectory, scene)
        if self.spoiled or trajectory.is_over:
            return None
        point = trajectory.picture[-1]
        if not point.alone:
            return None
        marks = _marks(scene)
        inside = {n: is_inside(polygon, point, scene.row_px) for n, (polygon, _) in marks.items()}
        if any(answer is None for answer in inside.values()):
            return None
        on = [name for name, answer in inside.items() if answer]
        if len(on) != 1:
            self.run = None
            return None
        run = self.run = continued(self.run, on[0], point, scene.row_px)
        mark = marks[on[0]][1]
        closed = all(
            _is_closed(mark, trajectory.vehicle_class, trajectory.moment(time_s))
            for time_s in (run.since_s, time.time_s)
        )
        margin = Margin("stay_s", run.duration_s, 2 * run.longest_step_s, GRACE_S)
        if (
            not closed
            or run.sightings < LEAST_SIGHTINGS
            or not goes_far(run, scene.plane, boxes=LEAST_BOXES, metres=LEAST_M)
            or margin.lower_bound <= 0.0
        ):
            return None
        entered = trajectory.moment(run.since_s)
        stay = StayFact(on[0], entered.at, left_at=None, stationary_ms=None)
        return Finding(Facts(margin, stay=stay), time.time_s, run.since_s, to_s=time.time_s)

    def to_state(self) -> State:
        return {"run": self.run and self.run.to_state(), "spoiled": self.spoiled}

    @classmethod
    def from_state(cls, state: State) -> "SpecialLane":
        return cls(Run.from_state(state["run"]), bool(state["spoiled"]))


def _marks(scene: Scene) -> dict[str, tuple[Polygon, MarkedLane | Region]]:
    """Regions of the kind, and marked lanes that name who may use them."""
    regions = {region.name: (region.polygon, region) for region in scene.regions_of(REGION)}
    lanes = {
        lane.name: (lane.polygon, lane)
        for lane in scene.lanes.values()
        if lane.scope.vehicle_classes is not None
    }
    return {**lanes, **regions}


def _is_closed(mark: MarkedLane | Region, vehicle_class: str, moment: Moment) -> bool:
    """Whether the mark is surely closed to the vehicle. A region's scope is whom it is closed to. A
    lane's is who may use it; outside its hours it is taken to be open to all."""
    if isinstance(mark, Region):
        return surely_applies(mark.scope, vehicle_class, moment.at)
    allowed = mark.scope.vehicle_classes or frozenset()
    in_force = surely_applies(Scope(schedule=mark.scope.schedule), vehicle_class, moment.at)
    return in_force and surely_excluded(allowed, vehicle_class)


def _is_armed_by(scene: Scene) -> bool:
    return bool(_marks(scene))


RULE = RuleKind(name=NAME, version=1, factory=SpecialLane, is_armed_by=_is_armed_by)
