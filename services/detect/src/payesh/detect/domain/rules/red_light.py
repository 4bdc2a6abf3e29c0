"""Red light: a vehicle crosses the stop line at red and goes on into the junction."""

from dataclasses import dataclass, field
from math import hypot

from payesh.detect.domain.marks import Region
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules.certainty import foot_u95_px, is_inside, is_unsure
from payesh.detect.domain.rules.finding import Facts, Finding, Margin
from payesh.detect.domain.rules.red_crossing import RedCrossing, followed, is_governed
from payesh.detect.domain.rules.rule import RuleKind, State
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import PicturePoint, Trajectory

TURN_ON_RED = "turn_on_red"
"""A region through which a vehicle may turn at red."""
ONWARD_BOXES = 1.0
"""Beyond the line, in heights of the box: a vehicle that stops late stands nearer."""
ONWARD_BOXES_BESIDE_A_TURN = 3.0
"""Where turning at red is permitted: by then it is past the turn."""
LONGEST_S = 10.0
"""From the line until it is so far. A slower one is in doubt: it may be waved through."""


@dataclass(slots=True)
class RedLightRule:
    """Remembers its vehicle's crossings, by stop line."""

    crossings: dict[str, RedCrossing] = field(default_factory=dict)
    spoiled: bool = False
    """Another vehicle's track, or one that turned where it is permitted."""

    def observe(self, trajectory: Trajectory, scene: Scene, time: Moment) -> Finding | None:
        self.spoiled = self.spoiled or is_unsure(trajectory, scene)
        if self.spoiled or trajectory.is_over:
            return None
        point = trajectory.picture[-1]
        turns = scene.regions_of(TURN_ON_RED)
        if any(_may_turn(each, point, scene.row_px) for each in turns):
            self.spoiled = True
            return None
        at_red = followed(self.crossings, trajectory, scene)
        if not (point.whole and point.alone):
            return None
        onward_boxes = ONWARD_BOXES_BESIDE_A_TURN if turns else ONWARD_BOXES
        for crossing, line, red in at_red:
            crossed_s = crossing.crossed_s
            if crossed_s is None or crossing.whole_before_s is None:
                continue
            height_px = point.box[3] - point.box[1]
            onward_px = line.beyond_px(point.foot_px) - foot_u95_px(point, scene.row_px)
            if onward_px < onward_boxes * height_px or time.time_s - crossed_s > LONGEST_S:
                continue
            margin = Margin(
                "after_red_s",
                value=crossed_s - red.since_s,
                u95=hypot(red.u95_s, crossing.crossed_u95_s),
                grace=red.grace_s,
            )
            if margin.lower_bound <= 0.0:
                continue
            signal, crossings = crossing.facts(red, trajectory)
            return Finding(
                measurement=Facts(margin=margin, signal=signal, crossings=crossings),
                at_s=crossed_s,
                from_s=crossing.whole_before_s,
                to_s=time.time_s,
            )
        return None

    def to_state(self) -> State:
        crossings = {name: each.to_state() for name, each in self.crossings.items()}
        return {"crossings": crossings, "spoiled": self.spoiled}

    @classmethod
    def from_state(cls, state: State) -> "RedLightRule":
        crossings = {n: RedCrossing.from_state(each) for n, each in state["crossings"].items()}
        return cls(crossings, bool(state["spoiled"]))


def _may_turn(turn: Region, point: PicturePoint, row_px: float) -> bool:
    """Whether the vehicle may be in a region of the kind. One that the picture's border cuts stands
    somewhere below its box: as it drives into the picture, that is not beyond the line."""
    if point.whole:
        return is_inside(turn.polygon, point, row_px) is not False
    left, _, right, bottom = point.box
    return any(turn.polygon.holds((x_px, bottom)) for x_px in (left, (left + right) / 2, right))


RULE = RuleKind(name="red_light", version=2, factory=RedLightRule, is_armed_by=is_governed)
