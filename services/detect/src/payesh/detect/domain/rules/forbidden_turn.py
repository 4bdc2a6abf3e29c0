"""Forbidden turn: a vehicle goes through a junction by two gates between which it may not."""

from dataclasses import asdict, dataclass, field
from math import hypot
from typing import Any

from payesh.detect.domain.marks import Line, Movement, PixelPoint
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules.certainty import foot_u95_px, is_unsure, surely_applies
from payesh.detect.domain.rules.finding import CrossingFact, Facts, Finding, Margin
from payesh.detect.domain.rules.rule import RuleKind, State
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import PicturePoint, Trajectory

NAME = "forbidden_turn"
GATE = "gate"
LONGEST_BRACKET_S = 2.0
"""Between the last sighting surely before a gate and the first surely beyond it."""
GRACE_BOXES = 0.5
"""Beyond the exit, in sizes of the box: a vehicle that only cuts the corner is not through."""
LEAST_BOXES_BACK = 5.0
"""Of a turn back through the gate of entry: who shunts or reverses out goes less far in."""


@dataclass(frozen=True, slots=True)
class Side:
    """Where the vehicle last was surely on one side of a gate."""

    beyond: bool
    time_s: float
    foot_px: PixelPoint


@dataclass(frozen=True, slots=True)
class Passed:
    """A gate that was passed, surely, between two sightings."""

    gate: str
    before_s: float
    time_s: float
    after_s: float
    foot_px: PixelPoint

    @property
    def u95_s(self) -> float:
        return max(self.time_s - self.before_s, self.after_s - self.time_s)


@dataclass(slots=True)
class ForbiddenTurn:
    """Remembers the side of each gate on which its vehicle is, and the gates that it passed."""

    sides: dict[str, Side] = field(default_factory=dict)
    entry: Passed | None = None
    exit: Passed | None = None
    furthest_boxes: float = 0.0
    """From the gate of entry."""
    spoiled: bool = False

    def observe(self, trajectory: Trajectory, scene: Scene, time: Moment) -> Finding | None:
        self.spoiled = self.spoiled or is_unsure(trajectory, scene)
        if self.spoiled or trajectory.is_over:
            return None
        point = trajectory.picture[-1]
        if not (point.whole and point.alone):
            return None
        if self.entry is not None:
            x_px, y_px = self.entry.foot_px
            way_px = hypot(point.foot_px[0] - x_px, point.foot_px[1] - y_px)
            self.furthest_boxes = max(self.furthest_boxes, way_px / point.size_px)
        for gate in scene.lines_of(GATE):
            passed = self._passed(gate, point, scene.row_px)
            if passed is None:
                continue
            if self.entry is None:
                self.entry = passed
            elif self.exit is None:
                self.exit = passed
            else:
                self.spoiled = True  # it goes to and fro
                return None
        return self._judge(trajectory, point, scene, time)

    def _passed(self, gate: Line, point: PicturePoint, row_px: float) -> Passed | None:
        beyond_px, foot_px = gate.beyond_px(point.foot_px), point.foot_px
        if abs(beyond_px) < foot_u95_px(point, row_px):
            return None
        before = self.sides.get(gate.name)
        self.sides[gate.name] = Side(beyond_px > 0.0, point.time_s, foot_px)
        if before is None or before.beyond == (beyond_px > 0.0):
            return None
        met = gate.met_by(before.foot_px, foot_px)
        if met is None or point.time_s - before.time_s > LONGEST_BRACKET_S:
            return None
        time_s = before.time_s + met.share * (point.time_s - before.time_s)
        return Passed(gate.name, before.time_s, time_s, point.time_s, foot_px)

    def _judge(
        self, trajectory: Trajectory, point: PicturePoint, scene: Scene, time: Moment
    ) -> Finding | None:
        entered, left = self.entry, self.exit
        if entered is None or left is None:
            return None
        if entered.gate == left.gate and self.furthest_boxes < LEAST_BOXES_BACK:
            return None
        at = trajectory.moment(left.time_s).at
        ways = [m for m in scene.movements if (m.entry, m.exit) == (entered.gate, left.gate)]
        if not any(_forbids(way, trajectory.vehicle_class, at) for way in ways) or any(
            way.allowed for way in ways
        ):
            return None
        beyond_px = abs(scene.lines[left.gate].beyond_px(point.foot_px))
        if beyond_px - foot_u95_px(point, scene.row_px) < GRACE_BOXES * point.size_px:
            return None
        margin = Margin("beyond_exit_s", value=time.time_s - left.time_s, u95=left.u95_s)
        if margin.lower_bound <= 0.0:
            return None
        crossings = tuple(
            CrossingFact(each.gate, trajectory.moment(each.time_s).at, round(1000 * each.u95_s, 3))
            for each in (entered, left)
        )
        return Finding(
            measurement=Facts(margin=margin, crossings=crossings),
            at_s=left.time_s,
            from_s=entered.before_s,
            to_s=time.time_s,
        )

    def to_state(self) -> State:
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> "ForbiddenTurn":
        sides = {name: Side(**_with_foot(side)) for name, side in state["sides"].items()}
        entered, left = (
            None if state[name] is None else Passed(**_with_foot(state[name]))
            for name in ("entry", "exit")
        )
        furthest_boxes, spoiled = float(state["furthest_boxes"]), bool(state["spoiled"])
        return cls(sides, entered, left, furthest_boxes, spoiled)


def _forbids(movement: Movement, vehicle_class: str, at: Any) -> bool:
    return not movement.allowed and surely_applies(movement.scope, vehicle_class, at)


def _with_foot(state: dict[str, Any]) -> dict[str, Any]:
    x_px, y_px = state["foot_px"]
    return {**state, "foot_px": (x_px, y_px)}


def _is_armed_by(scene: Scene) -> bool:
    gates = {gate.name for gate in scene.lines_of(GATE)}
    return any(not m.allowed and {m.entry, m.exit} <= gates for m in scene.movements)


RULE = RuleKind(name=NAME, version=1, factory=ForbiddenTurn, is_armed_by=_is_armed_by)
