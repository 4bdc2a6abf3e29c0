"""Stop line: a vehicle crosses the stop line at red and stands there."""

from dataclasses import dataclass, field
from math import hypot

from payesh.detect.domain.marks import PixelPoint
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules.certainty import LONGEST_GAP_S, foot_u95_px, is_unsure
from payesh.detect.domain.rules.finding import Facts, Finding, Margin
from payesh.detect.domain.rules.red_crossing import (
    RedCrossing,
    followed,
    is_front_over,
    is_governed,
)
from payesh.detect.domain.rules.rule import RuleKind, State
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import PicturePoint, Trajectory, overlap

GRACE_S = 2.0
STILL_BOXES = 0.2
"""A vehicle that stands stays within so many sizes of its box: detectors put it no better."""

LONGEST_OVERLAPPED_S = 20.0
SAME_BOX_IOU = 0.75
"""With the box in which it stood alone: another vehicle's fits it less."""


@dataclass(slots=True)
class StopLine:
    """Remembers its vehicle's crossings, and since when it stands, and where."""

    crossings: dict[str, RedCrossing] = field(default_factory=dict)
    spoiled: bool = False
    stands_at_px: PixelPoint | None = None
    stands_since_s: float = 0.0
    stood_s: float = 0.0
    longest_step_s: float = 0.0
    seen: PicturePoint | None = None
    """Where it was last seen whole and alone."""

    def observe(self, trajectory: Trajectory, scene: Scene, time: Moment) -> Finding | None:
        self.spoiled = self.spoiled or is_unsure(trajectory, scene)
        if self.spoiled or trajectory.is_over:
            return None
        point = trajectory.picture[-1]
        at_red = followed(self.crossings, trajectory, scene)
        if point.whole and point.alone:
            self._stand(point)
            self.seen = point
        elif not self._still_stands(point):
            return None
        seen = self.seen or point
        for crossing, line, red in at_red:
            u95_px = foot_u95_px(seen, scene.row_px)
            since_s = max(self.stands_since_s, crossing.crossed_s or crossing.front_over_s or 0.0)
            margin = Margin("standing_s", time.time_s - since_s, 2 * self.longest_step_s, GRACE_S)
            is_over = crossing.is_proven and line.beyond_px(seen.foot_px) >= u95_px
            juts_over = crossing.front_over_s is not None and is_front_over(
                line, seen, u95_px, trajectory.vehicle_class, scene.plane
            )
            if not ((is_over or juts_over) and margin.lower_bound > 0.0):
                continue
            signal, crossings = crossing.facts(red, trajectory)
            return Finding(
                measurement=Facts(margin=margin, signal=signal, crossings=crossings),
                at_s=time.time_s,
                from_s=crossing.whole_before_s or since_s,
                to_s=time.time_s,
            )
        return None

    def _stand(self, point: PicturePoint) -> None:
        at_px, time_s, foot_px = self.stands_at_px, point.time_s, point.foot_px
        if (
            at_px is None
            or hypot(foot_px[0] - at_px[0], foot_px[1] - at_px[1]) > STILL_BOXES * point.size_px
            or time_s - self.stood_s > LONGEST_GAP_S
        ):
            self.stands_at_px, self.stands_since_s, self.longest_step_s = foot_px, time_s, 0.0
        else:
            self.longest_step_s = max(self.longest_step_s, time_s - self.stood_s)
        self.stood_s = time_s

    def _still_stands(self, point: PicturePoint) -> bool:
        """Whether a vehicle that another one overlaps is in the box in which it last stood alone:
        the queue closes up behind it. Of another vehicle, or on its way, its box is another one."""
        seen = self.seen
        if seen is None or seen.time_s <= self.stands_since_s:
            return False
        is_there = (
            point.time_s - seen.time_s <= LONGEST_OVERLAPPED_S
            and point.time_s - self.stood_s <= LONGEST_GAP_S
            and overlap(seen.box, point.box) >= SAME_BOX_IOU
        )
        if not is_there:
            self.seen = None
            return False
        self.longest_step_s = max(self.longest_step_s, point.time_s - self.stood_s)
        self.stood_s = point.time_s
        return True

    def to_state(self) -> State:
        return {
            "crossings": {name: each.to_state() for name, each in self.crossings.items()},
            "spoiled": self.spoiled,
            "stands_at_px": self.stands_at_px,
            "stands_since_s": self.stands_since_s,
            "stood_s": self.stood_s,
            "longest_step_s": self.longest_step_s,
            "seen": self.seen and [self.seen.time_s, *self.seen.box],
        }

    @classmethod
    def from_state(cls, state: State) -> "StopLine":
        crossings = {n: RedCrossing.from_state(each) for n, each in state["crossings"].items()}
        at_px = state["stands_at_px"]
        return cls(
            crossings,
            bool(state["spoiled"]),
            None if at_px is None else (float(at_px[0]), float(at_px[1])),
            float(state["stands_since_s"]),
            float(state["stood_s"]),
            float(state["longest_step_s"]),
            None if state["seen"] is None else _seen(*state["seen"]),
        )


def _seen(time_s: float, left: float, top: float, right: float, bottom: float) -> PicturePoint:
    return PicturePoint(time_s, (left, top, right, bottom), whole=True, alone=True)


RULE = RuleKind(name="stop_line", version=3, factory=StopLine, is_armed_by=is_governed)
