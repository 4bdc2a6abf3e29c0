"""Builds passages; each argument has a plain default."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID, uuid4

from payesh.contracts import PassageObserved
from payesh.contracts.detect import Shot, Vehicle
from payesh.contracts.values import (
    Box,
    ClockSource,
    ModelReference,
    ObjectReference,
    PlaceClass,
    Provenance,
    RevisionReference,
    RoadClass,
)
from payesh.contracts.vocabulary import PassageEnd, VehicleClass

_REVISION = ObjectReference(
    bucket="revisions",
    key="camera-1/1.json",
    version_id=None,
    sha256=sha256(b"{}").hexdigest(),
    size_bytes=2,
    media_type="application/json",
)
PROVENANCE = Provenance(
    software_version="test 1", models=(ModelReference(name="motion", sha256="a" * 64),)
)


def passage(
    *,
    passage_id: UUID | None = None,
    camera_id: str = "camera-1",
    county: str = "garmsar",
    road_class: RoadClass = RoadClass.MAIN_ARTERIAL,
    captured_at: datetime | None = None,
    crops: Sequence[ObjectReference] = (),
    vehicle_in_crop: tuple[float, float, float, float] = (0.0, 0.0, 480.0, 360.0),
    crop_size: tuple[float, float] = (480.0, 360.0),
) -> PassageObserved:
    """A car whose `crops` each lie at (100, 50) of a frame; `vehicle_in_crop` is x, y, width and
    height in pixels of the crop."""
    stream_id, at = uuid4(), captured_at or datetime.now(UTC)
    left, top, width, height = vehicle_in_crop
    return PassageObserved(
        camera_id=camera_id,
        county=county,
        road_class=road_class,
        place_class=PlaceClass.A,
        captured_at=at,
        clock_source=ClockSource.RTCP,
        clock_u95_ms=12.0,
        passage_id=passage_id or uuid4(),
        revision=RevisionReference(revision=1, sha256=_REVISION.sha256, object=_REVISION),
        stream_id=stream_id,
        first_seen_at=at,
        last_seen_at=at,
        ended_by=PassageEnd.EXIT_LINE,
        vehicle=Vehicle(vehicle_class=VehicleClass.CAR, confidence=0.97),
        lane="1",
        speed=None,
        shots=tuple(
            Shot(
                stream_id=stream_id,
                sequence=4,
                frame_at=at,
                box=Box(x_px=100.0 + left, y_px=50.0 + top, width_px=width, height_px=height),
                crop=crop,
                crop_box=Box(x_px=100.0, y_px=50.0, width_px=crop_size[0], height_px=crop_size[1]),
                sharpness=120.0,
            )
            for crop in crops
        ),
        provenance=PROVENANCE,
    )
