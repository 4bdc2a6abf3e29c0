"""Wrong way: a vehicle drives along a marked lane against its direction."""

from dataclasses import dataclass
from datetime import datetime
from math import atan2, degrees, hypot

from payesh.detect.domain.geometry import GroundPlane
from payesh.detect.domain.marks import MarkedLane
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules.certainty import is_inside, is_unsure
from payesh.detect.domain.rules.finding import DirectionFact, Facts, Finding, Margin
from payesh.detect.domain.rules.rule import RuleKind, State
from payesh.detect.domain.rules.run import Run, continued
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.schedule import Scope
from payesh.detect.domain.trajectory import PicturePoint, Trajectory

GRACE_DEG = 120.0
"""Off the direction of the lane. Up to here a vehicle may turn, cross it or leave a parking bay."""
LEAST_BOXES = 4.0
"""Where the road is not measured."""
LEAST_M = 15.0
"""A vehicle that parks reverses by two or three lengths of the car."""
LEAST_S = 1.0
LEAST_SIGHTINGS = 6
LEAST_BOXES_PER_S = 0.8
LEAST_KMH = 10.0
"""Reversing is slower."""
_BACK_BOXES = 0.5
"""A vehicle that goes the right way by more than this in between begins anew."""


@dataclass(slots=True)
class WrongWay:
    """Remembers for how far its vehicle has gone along one lane."""

    run: Run | None = None
    furthest_px: float = 0.0
    spoiled: bool = False
    """The trajectory may be more than one vehicle's."""

    def observe(self, trajectory: Trajectory, scene: Scene, time: Moment) -> Finding | None:
        self.spoiled = self.spoiled or is_unsure(trajectory, scene)
        if self.spoiled or trajectory.is_over:
            return None
        point = trajectory.picture[-1]
        if not point.alone:
            return None
        lanes = [lane for lane in scene.lanes.values() if _is_open(lane, time.at)]
        inside = {each.name: is_inside(each.polygon, point, scene.row_px) for each in lanes}
        if any(answer is None for answer in inside.values()):
            return None
        on = [lane for lane in lanes if inside[lane.name]]
        if len(on) != 1:
            self.run = None
            return None
        self._go_on(on[0], point, scene.row_px)
        return self._judge(on[0], trajectory, scene, time)

    def _go_on(self, lane: MarkedLane, point: PicturePoint, row_px: float) -> None:
        run = continued(self.run, lane.name, point, row_px)
        against_px = -_along_px(lane, run)
        if run.sightings == 1:
            self.furthest_px = 0.0
        self.furthest_px = max(self.furthest_px, against_px)
        if self.furthest_px - against_px > _BACK_BOXES * run.size_px:
            run = Run.begin(lane.name, point, row_px)
            self.furthest_px = 0.0
        self.run = run

    def _judge(
        self, lane: MarkedLane, trajectory: Trajectory, scene: Scene, time: Moment
    ) -> Finding | None:
        run = self.run
        if run is None or run.sightings < LEAST_SIGHTINGS or run.duration_s < LEAST_S:
            return None
        distance_m = None
        if scene.plane is not None:
            distance_m = _distance_m(run, scene.plane)
            least_m = run.least_way_m(scene.plane)
            if least_m < LEAST_M or 3.6 * least_m < LEAST_KMH * run.duration_s:
                return None
        elif run.least_way_boxes < max(LEAST_BOXES, LEAST_BOXES_PER_S * run.duration_s):
            return None
        heading_deg = _heading_deg(*run.step_px)
        permitted_deg = _heading_deg(
            lane.to_px[0] - lane.from_px[0], lane.to_px[1] - lane.from_px[1]
        )
        off_deg = abs((heading_deg - permitted_deg + 180.0) % 360.0 - 180.0)
        # Both ends of the way may be off, across it.
        u95_deg = degrees(atan2(2**0.5 * run.foot_u95_px, run.way_px))
        margin = Margin("off_direction_deg", value=off_deg, u95=u95_deg, grace=GRACE_DEG)
        if margin.lower_bound <= 0.0:
            return None
        return Finding(
            measurement=Facts(
                margin=margin,
                direction=DirectionFact(heading_deg, permitted_deg, u95_deg, distance_m),
            ),
            at_s=time.time_s,
            from_s=run.since_s,
            to_s=time.time_s,
        )

    def to_state(self) -> State:
        return {
            "run": self.run and self.run.to_state(),
            "furthest_px": self.furthest_px,
            "spoiled": self.spoiled,
        }

    @classmethod
    def from_state(cls, state: State) -> "WrongWay":
        return cls(
            Run.from_state(state["run"]), float(state["furthest_px"]), bool(state["spoiled"])
        )


def _is_open(lane: MarkedLane, at: datetime) -> bool:
    """A lane has its direction at the hours of its scope: a reversible one is marked twice."""
    return Scope(schedule=lane.scope.schedule).applies_to("unknown", at)


def _along_px(lane: MarkedLane, run: Run) -> float:
    x_px, y_px = lane.to_px[0] - lane.from_px[0], lane.to_px[1] - lane.from_px[1]
    step_x, step_y = run.step_px
    return (step_x * x_px + step_y * y_px) / max(hypot(x_px, y_px), 1.0)


def _distance_m(run: Run, plane: GroundPlane) -> float:
    (from_x, from_y), (to_x, to_y) = plane.ground([run.from_px, run.to_px]).tolist()
    return hypot(to_x - from_x, to_y - from_y)


def _heading_deg(x_px: float, y_px: float) -> float:
    """Degrees clockwise from the top of the picture, 0 up to 360.

    >>> _heading_deg(1.0, 0.0), _heading_deg(0.0, 1.0)
    (90.0, 180.0)
    """
    heading_deg = degrees(atan2(x_px, -y_px)) % 360.0
    return heading_deg if heading_deg < 360.0 else 0.0  # the remainder of a tiny negative angle


def _is_armed_by(scene: Scene) -> bool:
    return bool(scene.lanes)


RULE = RuleKind(name="wrong_way", version=1, factory=WrongWay, is_armed_by=_is_armed_by)
