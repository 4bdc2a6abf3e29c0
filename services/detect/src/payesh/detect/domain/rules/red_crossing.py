"""Crossing a stop line at red: what the rules of the red light and of the stop line share.

A vehicle that is accused was seen whole before the line when red and the grace were over. One that
is over the line by then, with whatever part of it, may have crossed before: its rear is judged by
nobody.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import hypot
from typing import Any, Self

from payesh.detect.domain.geometry import GroundPlane
from payesh.detect.domain.marks import Line, PixelPoint
from payesh.detect.domain.rules.certainty import foot_u95_px
from payesh.detect.domain.rules.finding import CrossingFact, SignalFact
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.signals import RED
from payesh.detect.domain.trajectory import PicturePoint, Trajectory

STOP = "stop"
LONGEST_BRACKET_S = 0.5
"""Between the sightings before and beyond the line. A vehicle at 50 km/h goes 7 m."""
_LENGTH_M = {"car": 6.5, "van": 6.5, "motorcycle": 3.0, "bicycle": 3.0}
_LONGEST_M = 20.0
"""The longest of a class, with what a rack or a load adds; articulated lorries have 18.75 m."""


LEAST_LENGTH_M = 2.4
"""Of a vehicle with four wheels; the shortest on the road has 2.7 m, and stands at an angle."""
_FOUR_WHEELS = frozenset({"car", "van", "bus", "truck"})
_UPWARDS = 0.8
"""Of the line's normal: from here on a vehicle that crosses it drives away from the camera."""


@dataclass(frozen=True, slots=True)
class RedLight:
    """Red for a stop line: every head that governs it shows red, the last one since `since_s`."""

    head: str
    since_s: float
    u95_s: float
    grace_s: float

    @property
    def counts_from_s(self) -> float:
        return self.since_s + self.u95_s + self.grace_s


def red_for(line: Line, scene: Scene) -> RedLight | None:
    """Red for the line in this frame; None where a head shows another lamp, or is not seen."""
    heads = [head for head in scene.signal_heads.values() if head.stop_line == line.name]
    shown = [scene.showing.get(head.name) for head in heads]
    reds = [
        RedLight(head.name, each.since_s, each.u95_s, head.grace_ms / 1000.0)
        for head, each in zip(heads, shown, strict=True)
        if each is not None and each.lamp == RED
    ]
    if not reds or len(reds) < len(heads):
        return None
    return max(reds, key=lambda red: red.counts_from_s)


@dataclass(slots=True)
class RedCrossing:
    """One vehicle's crossing of one stop line during one red. Vehicles cross it from the left of
    its direction to the right."""

    line: str
    red_since_s: float
    whole_before_s: float | None = None
    """When the whole vehicle was first before the line while red counted."""
    last_whole_s: float | None = None
    """When it last was."""
    front_over_s: float | None = None
    """When its front was over the line, of one that drives away; its rear may still be before."""
    front_u95_s: float = 0.0
    before_s: float | None = None
    """When its foot was last surely before the line."""
    last_s: float = 0.0
    last_beyond_px: float = 0.0
    last_foot_px: tuple[float, float] = (0.0, 0.0)
    crossed_s: float | None = None
    crossed_u95_s: float = 0.0

    def see(
        self, line: Line, red: RedLight, point: PicturePoint, vehicle_class: str, scene: Scene
    ) -> None:
        """A sighting of the vehicle whole and alone, at red."""
        beyond_px, u95_px = line.beyond_px(point.foot_px), foot_u95_px(point, scene.row_px)
        time_s = point.time_s
        self._see_front(line, red, point, vehicle_class, scene)
        if beyond_px <= -u95_px:
            self.before_s, self.crossed_s = time_s, None
            if (
                self.whole_before_s is None
                and time_s >= red.counts_from_s
                and _is_whole_before(line, point, u95_px, vehicle_class, scene.plane)
            ):
                self.whole_before_s = time_s
        elif self.before_s is not None and self.crossed_s is None and beyond_px >= 0.0:
            self._cross(line, point)
        self.last_s, self.last_beyond_px, self.last_foot_px = time_s, beyond_px, point.foot_px

    def _see_front(
        self, line: Line, red: RedLight, point: PicturePoint, vehicle_class: str, scene: Scene
    ) -> None:
        u95_px, time_s = foot_u95_px(point, scene.row_px), point.time_s
        is_before = line.beyond_px(point.foot_px) <= -u95_px
        if is_before and _is_whole_before(line, point, u95_px, vehicle_class, scene.plane):
            self.front_over_s = None
            if time_s >= red.counts_from_s:
                self.last_whole_s = time_s
        elif (
            self.last_whole_s is not None
            and self.front_over_s is None
            and is_front_over(line, point, u95_px, vehicle_class, scene.plane)
        ):
            self.front_over_s = (self.last_whole_s + time_s) / 2
            self.front_u95_s = (time_s - self.last_whole_s) / 2

    def _cross(self, line: Line, point: PicturePoint) -> None:
        met = line.met_by(self.last_foot_px, point.foot_px)
        if met is None or not met.positive or point.time_s - self.last_s > LONGEST_BRACKET_S:
            return
        self.crossed_s = self.last_s + met.share * (point.time_s - self.last_s)
        before_s = self.last_s if self.before_s is None else self.before_s
        self.crossed_u95_s = max(self.crossed_s - before_s, point.time_s - self.crossed_s)

    @property
    def is_proven(self) -> bool:
        return self.whole_before_s is not None and self.crossed_s is not None

    def facts(
        self, red: RedLight, trajectory: Trajectory
    ) -> tuple[SignalFact, tuple[CrossingFact, ...]]:
        """The lamp and the crossing, of a crossing that is proven."""
        crossed_s, crossed_u95_s = self.crossed_s, self.crossed_u95_s
        if crossed_s is None:
            crossed_s, crossed_u95_s = self.front_over_s or self.last_s, self.front_u95_s
        signal = SignalFact(
            red.head, RED, trajectory.moment(red.since_s).at, round(1000.0 * red.u95_s, 3)
        )
        crossed = CrossingFact(
            self.line, trajectory.moment(crossed_s).at, round(1000.0 * crossed_u95_s, 3)
        )
        return signal, (crossed,)

    def to_state(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        x_px, y_px = state["last_foot_px"]
        return cls(**{**state, "last_foot_px": (x_px, y_px)})


def followed(
    crossings: dict[str, RedCrossing], trajectory: Trajectory, scene: Scene
) -> list[tuple[RedCrossing, Line, RedLight]]:
    """Each stop line at red with the vehicle's crossing of it, after its latest sighting whole and
    alone. What was seen at another red, or before the lamp was lost from sight, is forgotten."""
    point, at_red = trajectory.picture[-1], []
    for line in scene.lines_of(STOP):
        red = red_for(line, scene)
        crossing = crossings.get(line.name)
        if red is None:
            crossings.pop(line.name, None)
            continue
        if crossing is None or crossing.red_since_s != red.since_s:
            crossing = crossings[line.name] = RedCrossing(line.name, red.since_s)
        if point.whole and point.alone:
            crossing.see(line, red, point, trajectory.vehicle_class, scene)
        at_red.append((crossing, line, red))
    return at_red


def is_governed(scene: Scene) -> bool:
    """Whether a stop line is governed by a head that has its lamps marked."""
    heads = [head for head in scene.signal_heads.values() if head.lamps]
    return any(line.name in {head.stop_line for head in heads} for line in scene.lines_of(STOP))


def _is_whole_before(
    line: Line, point: PicturePoint, u95_px: float, vehicle_class: str, plane: GroundPlane | None
) -> bool:
    """Whether no part of the vehicle is over the line: its box is before it, or its foot is so far
    before it on the road that no vehicle of the class reaches it."""
    left, top, right, bottom = point.box
    corners = ((left, top), (right, top), (left, bottom), (right, bottom))
    if all(line.beyond_px(corner) <= -u95_px for corner in corners):
        return True
    if plane is None:
        return False
    near_px = _towards(line, point.foot_px, u95_px)
    least_m = min(metres for metres, _ in _beside(line, (point.foot_px, near_px), plane))
    return bool(least_m >= _LENGTH_M.get(vehicle_class, _LONGEST_M))


def is_front_over(
    line: Line, point: PicturePoint, u95_px: float, vehicle_class: str, plane: GroundPlane | None
) -> bool:
    """Whether the front of a vehicle that drives away from the camera is surely over the line: its
    rear is nearer to it on the road than the shortest vehicle is long."""
    along_px = hypot(line.to_px[0] - line.from_px[0], line.to_px[1] - line.from_px[1])
    is_upwards = (line.from_px[0] - line.to_px[0]) / max(along_px, 1.0) >= _UPWARDS
    if plane is None or not is_upwards or vehicle_class not in _FOUR_WHEELS:
        return False
    far_px = _towards(line, point.foot_px, -u95_px)
    places = _beside(line, (point.foot_px, far_px), plane)
    if not all(0.0 <= share <= 1.0 for _, share in places):
        return False
    is_over = line.beyond_px(far_px) >= 0.0
    return is_over or max(metres for metres, _ in places) < LEAST_LENGTH_M


def _beside(
    line: Line, points_px: Sequence[PixelPoint], plane: GroundPlane
) -> list[tuple[float, float]]:
    """How far points lie from the line on the road, whichever side, in metres; and beside which
    share of the line, 0 at its beginning and 1 at its end."""
    (from_x, from_y), (to_x, to_y), *points = plane.ground(
        [line.from_px, line.to_px, *points_px]
    ).tolist()
    along_x, along_y = to_x - from_x, to_y - from_y
    length_m = max(hypot(along_x, along_y), 0.1)
    return [
        (
            abs(along_x * (y - from_y) - along_y * (x - from_x)) / length_m,
            (along_x * (x - from_x) + along_y * (y - from_y)) / length_m**2,
        )
        for x, y in points
    ]


def _towards(line: Line, point_px: tuple[float, float], by_px: float) -> tuple[float, float]:
    """The point moved to the line's right."""
    x_px, y_px = line.to_px[0] - line.from_px[0], line.to_px[1] - line.from_px[1]
    length = max(hypot(x_px, y_px), 1.0)
    return point_px[0] - by_px * y_px / length, point_px[1] + by_px * x_px / length
