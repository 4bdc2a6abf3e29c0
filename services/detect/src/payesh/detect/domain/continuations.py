"""Is this the vehicle that was lost a moment ago? For counting alone: nothing is measured, and no
rule is judged, across a loss."""

from dataclasses import dataclass
from math import hypot
from typing import Any

from payesh.detect.domain.trajectory import Box, PicturePoint, Trajectory

LONGEST_GAP_S = 2.5
"""A vehicle that was hidden for longer is another one."""
_MOTION_S = 0.7
"""Of a trajectory's end, or its beginning, over which its motion is taken."""
_SLACK_SIZES, _SLACK_SIZES_A_S = 1.2, 0.8
_MOST_RATIO = 2.2
_STANDS_SIZES_A_S = 0.3


@dataclass(frozen=True, slots=True)
class End:
    """Where and how a vehicle was seen last; motion in pixels a second."""

    time_s: float
    box: Box
    motion: tuple[float, float]

    @classmethod
    def of(cls, trajectory: Trajectory) -> "End | None":
        """None of a vehicle without a path in the picture."""
        if not trajectory.picture:
            return None
        last = trajectory.picture[-1]
        since = [p for p in trajectory.picture if p.time_s >= last.time_s - _MOTION_S]
        return cls(last.time_s, last.box, _motion(since[0], last))

    def continued_by(self, later: Trajectory) -> bool:
        """Whether `later` begins where this one would be by then, as large, and goes its way."""
        gap_s = later.first.time_s - self.time_s
        if not 0 < gap_s <= LONGEST_GAP_S or not later.picture:
            return False
        size, other = _size(self.box), _size(later.first_box)
        if not 1 / _MOST_RATIO <= size / other <= _MOST_RATIO:
            return False
        x, y = _centre(self.box)
        found_x, found_y = _centre(later.first_box)
        off_px = hypot(found_x - x - self.motion[0] * gap_s, found_y - y - self.motion[1] * gap_s)
        if off_px > size * (_SLACK_SIZES + _SLACK_SIZES_A_S * gap_s):
            return False
        first = later.picture[0]
        until = [p for p in later.picture if p.time_s <= first.time_s + _MOTION_S]
        goes = _motion(first, until[-1])
        if min(hypot(*self.motion), hypot(*goes)) < _STANDS_SIZES_A_S * size:
            return True
        return self.motion[0] * goes[0] + self.motion[1] * goes[1] > 0

    def to_state(self) -> list[Any]:
        return [self.time_s, list(self.box), list(self.motion)]

    @classmethod
    def from_state(cls, state: list[Any]) -> "End":
        time_s, (left, top, right, bottom), (along_x, along_y) = state
        return cls(
            float(time_s),
            (float(left), float(top), float(right), float(bottom)),
            (float(along_x), float(along_y)),
        )


def _motion(first: PicturePoint, last: PicturePoint) -> tuple[float, float]:
    took_s = last.time_s - first.time_s
    if took_s <= 0:
        return 0.0, 0.0
    (x, y), (to_x, to_y) = _centre(first.box), _centre(last.box)
    return (to_x - x) / took_s, (to_y - y) / took_s


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _size(box: Box) -> float:
    return float(max((box[2] - box[0]) * (box[3] - box[1]), 1.0) ** 0.5)
