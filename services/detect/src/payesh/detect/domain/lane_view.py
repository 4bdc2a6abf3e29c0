"""What one frame shows of each lane: whether its measuring place is covered, and its queue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

from payesh.detect.domain.geometry import GroundPlane
from payesh.detect.domain.marks import MarkedLane, PixelPoint, Polygon
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.speed_zone import LaneStrip, SpeedZone
from payesh.detect.domain.trajectory import SAME_PLACE_IOU, Box, Trajectory, overlap

STANDS_FOR_S = 5.0
"""A vehicle stands when its box overlaps by half with where it was so long before: a car that goes
slower than about 1 km/h. Over two seconds one that comes at 100 km/h from more than 190 m away
would stand too: along the line of sight a box merely grows."""
LARGEST_HEADWAY_M = 20.0
"""From foot to foot in one queue, as PTV Vissim's queue counters have it; a further gap begins
another queue."""
_LENGTH_M = {
    "car": 4.5,
    "van": 5.5,
    "bus": 12.0,
    "truck": 9.0,
    "motorcycle": 2.1,
    "bicycle": 1.8,
    "unknown": 4.5,
}
"""Of a usual vehicle: one camera sees where a vehicle begins, not how long it is."""
PARKING = "parking"


@dataclass(frozen=True, slots=True)
class VehicleView:
    """A vehicle as the latest frame shows it."""

    box: Box
    foot_px: PixelPoint
    vehicle_class: str
    stands: bool

    @property
    def length_m(self) -> float:
        return _LENGTH_M.get(self.vehicle_class, _LENGTH_M["unknown"])

    def covers_px(self, place_px: PixelPoint) -> bool:
        """Whether the lower half of its box, where it meets the road, holds a place."""
        left, top, right, bottom = self.box
        return left <= place_px[0] <= right and (top + bottom) / 2 <= place_px[1] <= bottom


@dataclass(frozen=True, slots=True)
class Queue:
    """Vehicles that stand behind one another; `length_m` is None where the road is not measured.
    It reaches from the first one's near end to the last one's far end."""

    vehicles: tuple[VehicleView, ...] = ()
    length_m: float | None = None


@dataclass(frozen=True, slots=True)
class LaneView:
    """A lane in one frame; `queue` is the longest one in it."""

    lane: str
    covered: bool
    queue: Queue


@dataclass(frozen=True, slots=True)
class _Road:
    """Metres along a lane. `away` is 1 where they grow away from the camera, else -1."""

    plane: GroundPlane
    along: tuple[float, float]
    """Unit vector on the plane."""
    away: float

    def metres(self, point_px: PixelPoint) -> float:
        # As `GroundPlane.ground` has it; for one point at a time that takes ten times as long.
        (a, b, c), (d, e, f), (g, h, i) = self.plane.image_to_ground.tolist()
        x_px, y_px = point_px
        x, y, scale = (k * x_px + m * y_px + n for k, m, n in ((a, b, c), (d, e, f), (g, h, i)))
        return float((x * self.along[0] + y * self.along[1]) / scale)


@dataclass(frozen=True, slots=True)
class CountedLane:
    """Where a lane lies in the picture, as far as it is measured or marked. Its measuring place is
    half way along its middle."""

    name: str
    polygon: Polygon
    place_px: PixelPoint
    road: _Road | None = None

    @property
    def length_m(self) -> float | None:
        """As far as the camera's revision has it."""
        if self.road is None:
            return None
        ends = [self.road.metres(point_px) for point_px in self.polygon.points_px]
        return max(ends) - min(ends)

    def view(self, vehicles: Iterable[VehicleView]) -> LaneView:
        """The lane with the vehicles of a frame, those of other lanes among them."""
        own = [each for each in vehicles if self.polygon.holds(each.foot_px)]
        covered = any(self._is_covered_by(each) for each in own)
        return LaneView(self.name, covered, self._queue([each for each in own if each.stands]))

    def _is_covered_by(self, vehicle: VehicleView) -> bool:
        """On a measured road the vehicle reaches from its foot away from the camera, by the length
        of its class: the upper part of its box hides road that it does not stand on."""
        if self.road is None:
            return vehicle.covers_px(self.place_px)
        beyond_m = self.road.metres(self.place_px) - self.road.metres(vehicle.foot_px)
        return 0.0 <= beyond_m * self.road.away <= vehicle.length_m

    def _queue(self, standing: Sequence[VehicleView]) -> Queue:
        if not standing or self.road is None:
            return Queue(tuple(standing))
        away = self.road.away
        feet = sorted(
            ((self.road.metres(each.foot_px) * away, each) for each in standing),
            key=lambda found: (found[0], found[1].box),
        )
        queues = [[feet[0]]]
        for before, after in pairwise(feet):
            if after[0] - before[0] > LARGEST_HEADWAY_M:
                queues.append([])
            queues[-1].append(after)
        found = [
            Queue(
                tuple(each for _, each in queue),
                max(metres + each.length_m for metres, each in queue) - queue[0][0],
            )
            for queue in queues
        ]
        return max(found, key=lambda queue: (queue.length_m, len(queue.vehicles)))


def view_of(trajectory: Trajectory, scene: Scene) -> VehicleView | None:
    """A vehicle by its latest sighting; None where the border cuts it, or where it is parked."""
    point = trajectory.picture[-1]
    if not point.whole:
        return None
    bays = scene.regions_of(PARKING)
    if any(bay.polygon.holds(point.foot_px) for bay in bays):
        return None
    return VehicleView(point.box, point.foot_px, trajectory.vehicle_class, _stands(trajectory))


def counted_lanes(scene: Scene) -> tuple[CountedLane, ...]:
    """Those of the measured zone, or, where there is none, those that are marked in the picture."""
    if scene.speed_zone is not None and scene.plane is not None:
        zone, plane = scene.speed_zone, scene.plane
        return tuple(_measured(strip, zone, plane) for strip in zone.lanes)
    return tuple(_marked(lane, scene.plane) for lane in scene.lanes.values())


def _stands(trajectory: Trajectory) -> bool:
    last = trajectory.picture[-1]
    before_s = last.time_s - STANDS_FOR_S
    before = next((p for p in reversed(trajectory.picture) if p.time_s <= before_s), None)
    return before is not None and overlap(before.box, last.box) >= SAME_PLACE_IOU


def _measured(strip: LaneStrip, zone: SpeedZone, plane: GroundPlane) -> CountedLane:
    x_m = (strip.from_x_m + strip.to_x_m) / 2
    corners_m = [
        (strip.from_x_m, zone.entry_y_m),
        (strip.to_x_m, zone.entry_y_m),
        (strip.to_x_m, zone.exit_y_m),
        (strip.from_x_m, zone.exit_y_m),
        (x_m, (zone.entry_y_m + zone.exit_y_m) / 2),
    ]
    *corners, place = [(float(x), float(y)) for x, y in plane.image(corners_m).tolist()]
    return CountedLane(strip.name, Polygon(tuple(corners)), place, _road(plane, place, (0.0, 1.0)))


def _marked(lane: MarkedLane, plane: GroundPlane | None) -> CountedLane:
    (from_x, from_y), (to_x, to_y) = lane.from_px, lane.to_px
    place = (from_x + to_x) / 2, (from_y + to_y) / 2
    # Beyond the horizon, and where a lane has no direction, there are no metres along it.
    if plane is None or not _before_horizon(plane, [*lane.polygon.points_px, place]):
        return CountedLane(lane.name, lane.polygon, place)
    step_px = (to_x - from_x) / 100, (to_y - from_y) / 100
    ahead = place[0] + step_px[0], place[1] + step_px[1]
    (x_m, y_m), (ahead_x, ahead_y) = plane.ground([place, ahead]).tolist()
    step_m = hypot(ahead_x - x_m, ahead_y - y_m)
    if step_m == 0.0:
        return CountedLane(lane.name, lane.polygon, place)
    along = (ahead_x - x_m) / step_m, (ahead_y - y_m) / step_m
    return CountedLane(lane.name, lane.polygon, place, _road(plane, place, along))


def _before_horizon(plane: GroundPlane, points_px: Sequence[PixelPoint]) -> bool:
    """Whether all points lie on one side of the line that the plane maps to infinity."""
    a, b, c = plane.image_to_ground[2].tolist()
    sides: list[float] = [a * x_px + b * y_px + c for x_px, y_px in points_px]
    return min(sides) > 0.0 or max(sides) < 0.0


def _road(plane: GroundPlane, place_px: PixelPoint, along: tuple[float, float]) -> _Road:
    nearer = _Road(plane, along, away=1.0)
    up_px = place_px[0], place_px[1] - 1.0
    grows = nearer.metres(up_px) > nearer.metres(place_px)
    return nearer if grows else _Road(plane, along, away=-1.0)
