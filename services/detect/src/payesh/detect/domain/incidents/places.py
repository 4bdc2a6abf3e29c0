"""Where on the carriageway something stands: a lane, or a region that is marked as carriageway."""

from collections.abc import Sequence
from dataclasses import dataclass

from payesh.detect.domain.lane_view import PARKING, CountedLane
from payesh.detect.domain.marks import Polygon
from payesh.detect.domain.rules.certainty import is_inside
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import PicturePoint

CARRIAGEWAY = "carriageway"


@dataclass(frozen=True, slots=True)
class Place:
    """`lane` is None for a region."""

    lane: str | None
    polygon: Polygon


def places_in(scene: Scene, lanes: Sequence[CountedLane]) -> tuple[Place, ...]:
    """Lanes first, because they say more; then what is marked as carriageway."""
    marked = [Place(None, region.polygon) for region in scene.regions_of(CARRIAGEWAY)]
    return (*(Place(lane.name, lane.polygon) for lane in lanes), *marked)


def place_of(places: Sequence[Place], point: PicturePoint, scene: Scene) -> Place | None:
    """The first place in which a vehicle surely stands; None in, or at the edge of, a parking
    region."""
    bays = scene.regions_of(PARKING)
    if any(is_inside(bay.polygon, point, scene.row_px) is not False for bay in bays):
        return None
    return next((p for p in places if is_inside(p.polygon, point, scene.row_px)), None)
