"""Forbidden stopping: a vehicle that came stands for longer than allowed where it may not."""

from dataclasses import asdict, dataclass

from payesh.detect.domain.marks import Region
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules.certainty import (
    LONGEST_GAP_S,
    has_jumped,
    is_inside,
    surely_applies,
)
from payesh.detect.domain.rules.finding import Facts, Finding, Margin, StayFact
from payesh.detect.domain.rules.rule import RuleKind, State
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import SAME_PLACE_IOU, Box, PicturePoint, Trajectory, overlap

NAME = "forbidden_stopping"
REGION, BAY = "no_stopping", "parking"
ALLOWED_S = 300.0
"""Longer than a signal stays red, a queue waits for it or a passenger gets in."""
LONGEST_UNSEEN_S = 20.0
"""A vehicle that is hidden for longer may have left, and another one may stand there."""
FOUND_AGAIN_IOU = 0.75
"""With the box before it was hidden: another vehicle that took its place fits it less."""
_STRAYS = 3
"""Sightings in a row at another place, from which it has left this one."""
_TIME_U95_S = 0.2
"""Two frame times of 10 frames a second. The vehicle stood at the first and the last sighting, so
the stay is no shorter than they are apart."""


@dataclass(slots=True)
class ForbiddenStopping:
    """Remembers where its vehicle stands and since when. It has to be seen on its way there: what
    never moved may be a kiosk."""

    anchor: Box | None = None
    since_s: float = 0.0
    """Of the stay as it counts: not before the region applies."""
    stood_s: float = 0.0
    strays: int = 0
    jumped_off: bool = False
    spoiled: bool = False

    def observe(self, trajectory: Trajectory, scene: Scene, time: Moment) -> Finding | None:
        self.spoiled = self.spoiled or trajectory.began_unsure
        if self.spoiled or trajectory.is_over:
            return None
        point = trajectory.picture[-1]
        if not (point.whole and point.alone):
            return None
        self._stand(point, trajectory)
        if self.spoiled or self.stood_s < point.time_s or not trajectory.has_moved:
            return None
        region = _standing_in(scene, point)
        if region is None or not surely_applies(region.scope, trajectory.vehicle_class, time.at):
            self.since_s = time.time_s
            return None
        stood_s = time.time_s - self.since_s
        u95_s = _TIME_U95_S + trajectory.time_scale_u95 * stood_s
        margin = Margin("standing_s", value=stood_s, u95=u95_s, grace=ALLOWED_S)
        if margin.lower_bound <= 0.0:
            return None
        since = trajectory.moment(self.since_s)
        stay = StayFact(region.name, since.at, None, stationary_ms=round(1000 * stood_s))
        return Finding(Facts(margin, stay=stay), time.time_s, self.since_s, to_s=time.time_s)

    def _stand(self, point: PicturePoint, trajectory: Trajectory) -> None:
        """Whether the vehicle is where it was, has left, or was out of sight for too long."""
        if self.anchor is None:
            self._begin(point)
            return
        if overlap(self.anchor, point.box) >= SAME_PLACE_IOU:
            unseen_s = point.time_s - self.stood_s
            if unseen_s > LONGEST_UNSEEN_S:
                self.spoiled = True
            if unseen_s > LONGEST_GAP_S and overlap(self.anchor, point.box) < FOUND_AGAIN_IOU:
                return
            self.stood_s, self.strays, self.jumped_off = point.time_s, 0, False
            return
        self.strays += 1
        self.jumped_off = self.jumped_off or has_jumped(trajectory)
        if self.strays >= _STRAYS:
            self.spoiled = self.jumped_off  # the track went over to another vehicle
            self._begin(point)

    def _begin(self, point: PicturePoint) -> None:
        self.anchor, self.since_s, self.stood_s = point.box, point.time_s, point.time_s
        self.strays, self.jumped_off = 0, False

    def to_state(self) -> State:
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> "ForbiddenStopping":
        anchor = state["anchor"]
        if anchor is not None:
            left, top, right, bottom = (float(each) for each in anchor)
            anchor = left, top, right, bottom
        return cls(**{**state, "anchor": anchor})


def _standing_in(scene: Scene, point: PicturePoint) -> Region | None:
    """The region in which it surely stands; None in, or at the edge of, a parking bay."""
    if any(is_inside(b.polygon, point, scene.row_px) is not False for b in scene.regions_of(BAY)):
        return None
    inside = (r for r in scene.regions_of(REGION) if is_inside(r.polygon, point, scene.row_px))
    return next(inside, None)


def _is_armed_by(scene: Scene) -> bool:
    return bool(scene.regions_of(REGION))


RULE = RuleKind(name=NAME, version=1, factory=ForbiddenStopping, is_armed_by=_is_armed_by)
