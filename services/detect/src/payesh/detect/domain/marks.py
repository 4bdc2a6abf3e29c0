"""Lines, regions and lanes that are marked in the picture, in pixels from its top left."""

from dataclasses import dataclass
from math import hypot
from typing import NamedTuple

from payesh.detect.domain.schedule import ALWAYS, Scope

PixelPoint = tuple[float, float]


class Meeting(NamedTuple):
    """A step meets a line after `share` (0..1) of its way; `positive` is from the line's left to
    its right."""

    share: float
    positive: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line from one point to another. A crossing is positive from the left to the right of that
    direction."""

    name: str
    kind: str
    from_px: PixelPoint
    to_px: PixelPoint

    def met_by(self, before_px: PixelPoint, after_px: PixelPoint) -> Meeting | None:
        """Where the step from one point to the next crosses the line; None where it does not.

        A point on the line belongs to its right, so that no crossing is counted twice.

        >>> line = Line("stop", "stop", (0.0, 10.0), (20.0, 10.0))
        >>> line.met_by((5.0, 8.0), (5.0, 12.0))
        Meeting(share=0.5, positive=True)
        >>> line.met_by((25.0, 8.0), (25.0, 12.0)) is None
        True
        """
        before, after = self._side(before_px), self._side(after_px)
        if (before >= 0.0) == (after >= 0.0):
            return None
        share = before / (before - after)
        x_px = before_px[0] + share * (after_px[0] - before_px[0])
        y_px = before_px[1] + share * (after_px[1] - before_px[1])
        along_x, along_y = self.to_px[0] - self.from_px[0], self.to_px[1] - self.from_px[1]
        along = (x_px - self.from_px[0]) * along_x + (y_px - self.from_px[1]) * along_y
        if not 0.0 <= along <= along_x**2 + along_y**2:
            return None
        return Meeting(share, after >= 0.0)

    def beyond_px(self, point_px: PixelPoint) -> float:
        """How far a point lies from the line, prolonged on both sides: negative on its left.

        >>> Line("stop", "stop", (0.0, 10.0), (20.0, 10.0)).beyond_px((50.0, 13.0))
        3.0
        """
        along = hypot(self.to_px[0] - self.from_px[0], self.to_px[1] - self.from_px[1])
        return self._side(point_px) / max(along, 1.0)

    def _side(self, point_px: PixelPoint) -> float:
        """Negative on the left, positive on the right, as seen in the picture."""
        return (self.to_px[0] - self.from_px[0]) * (point_px[1] - self.from_px[1]) - (
            self.to_px[1] - self.from_px[1]
        ) * (point_px[0] - self.from_px[0])


@dataclass(frozen=True, slots=True)
class Polygon:
    """The inside of a ring of at least three points."""

    points_px: tuple[PixelPoint, ...]

    def holds(self, point_px: PixelPoint) -> bool:
        """Whether the point lies inside, by the even-odd rule.

        >>> square = Polygon(((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)))
        >>> square.holds((1.0, 3.0)), square.holds((5.0, 3.0))
        (True, False)
        """
        x_px, y_px = point_px
        inside = False
        for (x0, y0), (x1, y1) in zip(
            self.points_px, (*self.points_px[1:], self.points_px[0]), strict=True
        ):
            if (y0 > y_px) != (y1 > y_px) and x_px < x0 + (y_px - y0) / (y1 - y0) * (x1 - x0):
                inside = not inside
        return inside


@dataclass(frozen=True, slots=True)
class Region:
    """A marked region and what being in it means for the vehicles of its scope."""

    name: str
    kind: str
    polygon: Polygon
    scope: Scope = ALWAYS


@dataclass(frozen=True, slots=True)
class MarkedLane:
    """A lane in the picture. Vehicles drive from `from_px` to `to_px`; its scope is the vehicles
    that may use it."""

    name: str
    polygon: Polygon
    from_px: PixelPoint
    to_px: PixelPoint
    scope: Scope = ALWAYS


@dataclass(frozen=True, slots=True)
class Movement:
    """A way through a junction by the names of its gates, allowed or forbidden."""

    entry: str
    exit: str
    allowed: bool
    scope: Scope = ALWAYS


@dataclass(frozen=True, slots=True)
class Lamp:
    """Where a lamp is in the picture: left, top, right, bottom."""

    state: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class SignalHead:
    """A signal head and the name of the stop line that it governs. A crossing within `grace_ms`
    after the change is no offence."""

    name: str
    stop_line: str
    lamps: tuple[Lamp, ...]
    grace_ms: int
