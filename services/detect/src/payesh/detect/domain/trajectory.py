"""Where one vehicle was and when: on the road, in the picture, and across marked lines."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from payesh.detect.domain.detections import UNKNOWN, VEHICLE_CLASSES
from payesh.detect.domain.marks import Line, PixelPoint
from payesh.detect.domain.moment import Moment

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the full frame."""

LONGEST_PATH = 2_048
"""Points kept of a path. A vehicle that stays longer keeps its latest points whole and ever fewer
of its older ones, so that a parked one costs no more memory than any other."""
_MOVED_BOXES = 0.5
_STOOD_SHARE = 0.9
SAME_PLACE_IOU = 0.5
"""Boxes that overlap by this much show a vehicle at one place; an edge may flicker by a third."""


class GroundPoint(NamedTuple):
    """Where the middle of the vehicle's lower edge met the road; `sigma_m` is the scatter to expect
    of `y_m`."""

    time_s: float
    x_m: float
    y_m: float
    sigma_m: float


class PicturePoint(NamedTuple):
    """Where the vehicle was in the picture. `whole` is False where the picture's border cuts the
    box: its lower edge is then not where the vehicle meets the road. `alone` is False where another
    vehicle's box overlaps it: it may then be that vehicle's."""

    time_s: float
    box: Box
    whole: bool
    alone: bool = True

    @property
    def foot_px(self) -> PixelPoint:
        """The vehicle's reference point: the middle of its lower edge."""
        left, _, right, bottom = self.box
        return (left + right) / 2, bottom

    @property
    def size_px(self) -> float:
        """The side of a square as large as the box, at least 1."""
        left, top, right, bottom = self.box
        return float(max(((right - left) * (bottom - top)) ** 0.5, 1.0))


class Crossing(NamedTuple):
    """A line was crossed between two sightings; `positive` is from left to right of its direction
    in the picture."""

    time_s: float
    positive: bool


@dataclass(frozen=True, slots=True)
class Sighting:
    """One detection of a followed vehicle. `x_m`, `y_m` are None without calibration or where the
    box is cut."""

    moment: Moment
    box: Box
    whole: bool
    x_m: float | None = None
    y_m: float | None = None
    sigma_m: float = 0.1
    alone: bool = True


@dataclass(slots=True)
class Trajectory:
    """The way of one vehicle through the picture, from its first sighting to its last so far."""

    first: Moment
    last: Moment
    first_box: Box
    last_box: Box
    began_unsure: bool
    """It began so early that the vehicle may have been followed before, under another id."""
    vehicle_class: str = VEHICLE_CLASSES[UNKNOWN]
    """As its detections have it so far."""
    is_over: bool = False
    """The vehicle is gone, or is not followed any further from here: no sighting will come."""
    sightings: int = 0
    moved_boxes: float = 0.0
    """Greatest way from the first box, in sizes of the box."""
    time_scale_u95: float = 0.0
    """How far its differences of time may be wrong, as a share of them; at 95 %."""
    ground: list[GroundPoint] = field(default_factory=list)
    picture: list[PicturePoint] = field(default_factory=list)

    @classmethod
    def begin(cls, moment: Moment, box: Box, *, unsure: bool) -> "Trajectory":
        """A trajectory without a sighting yet; the first one is to be at `moment`."""
        return cls(moment, moment, box, box, began_unsure=unsure)

    def see(self, sighting: Sighting) -> None:
        """Add the latest sighting."""
        self.last = sighting.moment
        self.last_box = sighting.box
        self.sightings += 1
        self.moved_boxes = max(self.moved_boxes, _way_in_boxes(self.first_box, sighting.box))
        time_s = sighting.moment.time_s
        self.picture.append(PicturePoint(time_s, sighting.box, sighting.whole, sighting.alone))
        if sighting.whole and sighting.x_m is not None and sighting.y_m is not None:
            self.ground.append(GroundPoint(time_s, sighting.x_m, sighting.y_m, sighting.sigma_m))
        _thin(self.ground)
        _thin(self.picture)

    def widen_time(self, scale_u95: float) -> None:
        """Some of its times may be wrong by this share."""
        self.time_scale_u95 = max(self.time_scale_u95, scale_u95)

    @property
    def has_moved(self) -> bool:
        return self.moved_boxes >= _MOVED_BOXES

    def has_stood(self, for_s: float) -> bool:
        """Whether its last place was its place for so long; boxes may stray now and then."""
        since_s = self.last.time_s - for_s
        if self.first.time_s > since_s:
            return False
        latest = [point for point in self.picture if point.time_s >= since_s]
        here = sum(overlap(self.last_box, point.box) >= SAME_PLACE_IOU for point in latest)
        return here >= _STOOD_SHARE * len(latest)

    def moment(self, time_s: float) -> Moment:
        """`time_s` by the source's clock too, as the segment has it that shows the vehicle last."""
        earlier = timedelta(seconds=round(self.last.time_s - time_s, 6))
        return Moment(time_s, self.last.at - earlier)

    def crossings(self, line: Line, *, since_s: float = float("-inf")) -> list[Crossing]:
        """Where the foot of the vehicle crossed the line, in order of time."""
        whole = (point for point in self.picture if point.whole and point.time_s >= since_s)
        return list(_crossings(whole, line))

    def to_state(self) -> tuple[dict[str, Any], dict[str, NDArray[np.float64]]]:
        """JSON-ready values, and the paths as arrays."""
        state = {
            "first": _moment_state(self.first),
            "last": _moment_state(self.last),
            "first_box": self.first_box,
            "last_box": self.last_box,
            "began_unsure": self.began_unsure,
            "vehicle_class": self.vehicle_class,
            "is_over": self.is_over,
            "sightings": self.sightings,
            "moved_boxes": self.moved_boxes,
            "time_scale_u95": self.time_scale_u95,
        }
        picture = [
            (point.time_s, *point.box, float(point.whole), float(point.alone))
            for point in self.picture
        ]
        return state, {
            "ground": np.array(self.ground, dtype=np.float64).reshape(-1, 4),
            "picture": np.array(picture, dtype=np.float64).reshape(-1, 7),
        }

    @classmethod
    def from_state(
        cls, state: dict[str, Any], paths: dict[str, NDArray[np.float64]]
    ) -> "Trajectory":
        """The inverse of `to_state`. Raises LookupError, TypeError or ValueError."""
        return cls(
            first=_moment(state["first"]),
            last=_moment(state["last"]),
            first_box=_box(state["first_box"]),
            last_box=_box(state["last_box"]),
            began_unsure=bool(state["began_unsure"]),
            vehicle_class=str(state["vehicle_class"]),
            is_over=bool(state["is_over"]),
            sightings=int(state["sightings"]),
            moved_boxes=float(state["moved_boxes"]),
            time_scale_u95=float(state["time_scale_u95"]),
            ground=[GroundPoint(*row) for row in paths["ground"].tolist()],
            picture=[
                PicturePoint(time_s, _box(box), bool(whole), bool(alone))
                for time_s, *box, whole, alone in paths["picture"].tolist()
            ],
        )


def _moment_state(moment: Moment) -> list[Any]:
    return [moment.time_s, moment.at.isoformat()]


def _moment(state: list[Any]) -> Moment:
    time_s, at = state
    return Moment(float(time_s), datetime.fromisoformat(at))


def _box(state: Sequence[float]) -> Box:
    left, top, right, bottom = (float(each) for each in state)
    return left, top, right, bottom


def _thin(path: list[Any]) -> None:
    """Drop every other point of the older half of a path that is full."""
    if len(path) > LONGEST_PATH:
        del path[1 : LONGEST_PATH // 2 : 2]


def _crossings(path: Iterable[PicturePoint], line: Line) -> Iterator[Crossing]:
    for before, after in pairwise(path):
        met = line.met_by(before.foot_px, after.foot_px)
        if met is not None:
            time_s = before.time_s + met.share * (after.time_s - before.time_s)
            yield Crossing(time_s, met.positive)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union.

    >>> overlap((0.0, 0.0, 2.0, 2.0), (0.0, 1.0, 2.0, 3.0))
    0.3333333333333333
    """
    width = max(min(a[2], b[2]) - max(a[0], b[0]), 0.0)
    height = max(min(a[3], b[3]) - max(a[1], b[1]), 0.0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return width * height / max(areas - width * height, 1e-9)


def _way_in_boxes(first: Box, last: Box) -> float:
    dx = (last[0] + last[2] - first[0] - first[2]) / 2
    dy = (last[1] + last[3] - first[1] - first[3]) / 2
    sizes = [((b[2] - b[0]) * (b[3] - b[1])) ** 0.5 for b in (first, last)]
    return float(np.hypot(dx, dy) / max(min(sizes), 1.0))
