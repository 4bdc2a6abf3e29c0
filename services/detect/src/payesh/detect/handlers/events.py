"""From what was observed to what is said on the bus."""

from collections.abc import Sequence
from uuid import UUID

from payesh.contracts import PassageObserved, SegmentStored, TrafficCounted, ViolationDetected
from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.detect import Shot, Speed, TrafficCount, Vehicle
from payesh.contracts.event import CapturedEvent, deterministic_id
from payesh.contracts.values import (
    MeasuredQuantity,
    ObjectReference,
    Provenance,
    RevisionReference,
    SegmentLink,
)
from payesh.contracts.vocabulary import VehicleClass, ViolationRule
from payesh.detect.domain.counts import CountedInterval
from payesh.detect.domain.rules import Speeding
from payesh.detect.domain.speed import SpeedEstimate
from payesh.detect.vision.observations import PassageTaken, ShotTaken

VIDEO_METHOD = "video_ground_plane"
DEVICE_METHOD = "device"


def shots_of(
    stream_id: UUID, taken: Sequence[ShotTaken], crops: Sequence[ObjectReference]
) -> tuple[Shot, ...]:
    return tuple(
        Shot(
            stream_id=stream_id,
            sequence=shot.sequence,
            frame_at=shot.frame_at,
            box=shot.box,
            crop=crop,
            crop_box=shot.crop_box,
            sharpness=shot.sharpness,
        )
        for shot, crop in zip(taken, crops, strict=True)
    )


def passage_observed(
    source: CapturedEvent,
    revision: RevisionReference,
    stream_id: UUID,
    taken: PassageTaken,
    shots: tuple[Shot, ...],
    provenance: Provenance,
    method: str = VIDEO_METHOD,
) -> PassageObserved:
    return PassageObserved(
        camera_id=source.camera_id,
        county=source.county,
        road_class=source.road_class,
        place_class=source.place_class,
        captured_at=taken.captured_at,
        clock_source=taken.clock_source,
        clock_u95_ms=taken.clock_u95_ms,
        passage_id=taken.passage_id,
        revision=revision,
        stream_id=stream_id,
        first_seen_at=taken.first_seen_at,
        last_seen_at=taken.last_seen_at,
        ended_by=taken.ended_by,
        vehicle=_vehicle(taken),
        lane=taken.lane,
        speed=_speed(taken.speed, method),
        shots=shots,
        provenance=provenance,
    )


def violation_detected(
    passage: PassageObserved,
    revision: CameraRevision,
    speeding: Speeding,
    links: tuple[SegmentLink, ...],
) -> ViolationDetected:
    return ViolationDetected(
        camera_id=passage.camera_id,
        county=passage.county,
        road_class=passage.road_class,
        place_class=passage.place_class,
        captured_at=passage.captured_at,
        clock_source=passage.clock_source,
        clock_u95_ms=passage.clock_u95_ms,
        violation_id=deterministic_id("violation", passage.passage_id, ViolationRule.SPEEDING),
        passage_id=passage.passage_id,
        revision=passage.revision,
        stream_id=passage.stream_id,
        rule=ViolationRule.SPEEDING,
        vehicle=passage.vehicle,
        lane=passage.lane,
        measurement=MeasuredQuantity(
            kind="quantity",
            quantity="speed_kmh",
            value=round(speeding.speed_kmh, 3),
            u95=round(speeding.speed_u95_kmh, 3),
            limit=speeding.limit_kmh,
            lower_bound=round(speeding.lower_bound_kmh, 3),
        ),
        certificate=revision.certificate,
        segments=links,
        shots=passage.shots,
        provenance=passage.provenance,
    )


def traffic_counted(
    source: SegmentStored, interval: CountedInterval, provenance: Provenance
) -> TrafficCounted:
    return TrafficCounted(
        camera_id=source.camera_id,
        county=source.county,
        road_class=source.road_class,
        place_class=source.place_class,
        stream_id=source.stream_id,
        started_at=interval.started_at,
        ended_at=interval.ended_at,
        counts=tuple(
            TrafficCount(
                lane=count.lane,
                vehicle_class=VehicleClass(count.vehicle_class),
                vehicles=count.vehicles,
                mean_speed_kmh=count.mean_speed_kmh,
            )
            for count in interval.counts
        ),
        provenance=provenance,
    )


def _vehicle(taken: PassageTaken) -> Vehicle:
    return Vehicle(
        vehicle_class=VehicleClass(taken.vehicle_class), confidence=round(taken.confidence, 4)
    )


def _speed(estimate: SpeedEstimate | None, method: str) -> Speed | None:
    if estimate is None:
        return None
    return Speed(
        speed_kmh=round(estimate.speed_kmh, 3),
        speed_u95_kmh=round(estimate.speed_u95_kmh, 3),
        method=method,
    )
