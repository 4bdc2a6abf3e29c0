"""A run: the stretch of a vehicle's way over which it was surely on one mark."""

from dataclasses import asdict, dataclass
from math import dist, hypot, isfinite
from typing import Any, Self

from payesh.detect.domain.geometry import GroundPlane
from payesh.detect.domain.marks import PixelPoint
from payesh.detect.domain.rules.certainty import LONGEST_GAP_S, foot_u95_px
from payesh.detect.domain.trajectory import PicturePoint


@dataclass(slots=True)
class Run:
    """From `from_px` to `to_px`, both feet of the vehicle alone. Sightings in between that are in
    doubt are left out, for no longer than a second."""

    mark: str
    since_s: float
    last_s: float
    from_px: PixelPoint
    to_px: PixelPoint
    foot_u95_px: float
    """The larger of both ends."""
    size_px: float
    """The larger of both ends."""
    longest_step_s: float = 0.0
    sightings: int = 1

    @classmethod
    def begin(cls, mark: str, point: PicturePoint, row_px: float) -> Self:
        foot = point.foot_px
        u95_px = foot_u95_px(point, row_px)
        return cls(mark, point.time_s, point.time_s, foot, foot, u95_px, point.size_px)

    def goes_on_at(self, mark: str, time_s: float) -> bool:
        return self.mark == mark and time_s - self.last_s <= LONGEST_GAP_S

    def add(self, point: PicturePoint, row_px: float) -> None:
        self.longest_step_s = max(self.longest_step_s, point.time_s - self.last_s)
        self.last_s, self.to_px = point.time_s, point.foot_px
        self.foot_u95_px = max(self.foot_u95_px, foot_u95_px(point, row_px))
        self.size_px = max(self.size_px, point.size_px)
        self.sightings += 1

    @property
    def duration_s(self) -> float:
        return self.last_s - self.since_s

    @property
    def step_px(self) -> tuple[float, float]:
        return self.to_px[0] - self.from_px[0], self.to_px[1] - self.from_px[1]

    @property
    def way_px(self) -> float:
        return hypot(*self.step_px)

    @property
    def least_way_boxes(self) -> float:
        """The way as a straight line less its uncertainty, in sizes of the box."""
        return (self.way_px - 2**0.5 * self.foot_u95_px) / self.size_px

    def least_way_m(self, plane: GroundPlane) -> float:
        """The way on the road as a straight line less its uncertainty, in metres; 0 where a foot
        may lie beyond the horizon."""
        ends_px = [
            (x_px, y_px + down_px)
            for x_px, y_px in (self.from_px, self.to_px)
            for down_px in (0.0, -self.foot_u95_px, self.foot_u95_px)
        ]
        from_m, *from_off, to_m, to_off_1, to_off_2 = plane.ground(ends_px).tolist()
        u95_m = hypot(
            max(dist(from_m, off) for off in from_off),
            max(dist(to_m, off) for off in (to_off_1, to_off_2)),
        )
        least_m = dist(from_m, to_m) - u95_m
        return least_m if isfinite(least_m) else 0.0

    def to_state(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_state(cls, state: dict[str, Any] | None) -> Self | None:
        if state is None:
            return None
        (from_x, from_y), (to_x, to_y) = state["from_px"], state["to_px"]
        return cls(**{**state, "from_px": (from_x, from_y), "to_px": (to_x, to_y)})


def continued(run: Run | None, mark: str, point: PicturePoint, row_px: float) -> Run:
    """The run with a further sighting, or a new one where it does not go on."""
    if run is None or not run.goes_on_at(mark, point.time_s):
        return Run.begin(mark, point, row_px)
    run.add(point, row_px)
    return run


def goes_far(run: Run, plane: GroundPlane | None, *, boxes: float, metres: float) -> bool:
    """Whether the way is surely so long: in sizes of the vehicle's box, or in metres where the road
    is measured. Along the line of sight a way of many lengths is few boxes: seen from a mast of 10
    metres, 25 m of road are as high as two cars."""
    if run.least_way_boxes >= boxes:
        return True
    return plane is not None and run.least_way_m(plane) >= metres
