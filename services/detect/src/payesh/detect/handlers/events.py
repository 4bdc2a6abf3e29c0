"""From what was observed to what is published on the bus."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from payesh.contracts import (
    DetectorHealthChanged,
    IncidentObserved,
    PassageObserved,
    SegmentStored,
    SnapshotStored,
    TrafficCounted,
    ViolationDetected,
)
from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.detect import LaneTraffic, LineCrossing, Shot, Speed, TrafficCount, Vehicle
from payesh.contracts.event import deterministic_id
from payesh.contracts.values import (
    Certificate,
    ObjectReference,
    Provenance,
)
from payesh.detect.domain.counts import CountedInterval
from payesh.detect.domain.health.condition import ConditionChange
from payesh.detect.domain.incidents.incident import IncidentChange
from payesh.detect.domain.speed import SpeedEstimate
from payesh.detect.handlers.measurements import measurement_of
from payesh.detect.vision.observations import ObservedPassage, ObservedShot, ObservedViolation
from payesh.detect.vision.tracks import picture_box

VIDEO_METHOD = "video_ground_plane"
DEVICE_METHOD = "device"


def shots_of(
    stream_id: UUID, observed: Sequence[ObservedShot], crops: Sequence[ObjectReference]
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
        for shot, crop in zip(observed, crops, strict=True)
    )


def passage_observed(
    source: SegmentStored | SnapshotStored,
    observed: ObservedPassage,
    shots: tuple[Shot, ...],
    provenance: Provenance,
    method: str,
    revision: CameraRevision,
) -> PassageObserved:
    """`revision` is the document that `source` names: the lines that were crossed stand in it."""
    lines = {line.name: line for line in revision.lines}
    crossed = {each.line for each in observed.crossings}
    return PassageObserved(
        camera_id=source.camera_id,
        county=source.county,
        road_class=source.road_class,
        place_class=source.place_class,
        captured_at=observed.captured_at,
        clock_source=observed.clock_source,
        clock_u95_ms=observed.clock_u95_ms,
        passage_id=observed.passage_id,
        revision=source.revision,
        stream_id=source.stream_id,
        first_seen_at=observed.first_seen_at,
        last_seen_at=observed.last_seen_at,
        ended_by=observed.ended_by,
        vehicle=_vehicle(observed),
        lane=observed.lane,
        speed=_speed(observed.speed, method),
        shots=shots,
        provenance=provenance,
        crossings=tuple(
            LineCrossing(
                line=lines[each.line],
                crossed_at=each.crossed_at,
                u95_ms=each.u95_ms,
                approaching=each.approaching,
            )
            for each in observed.crossings
        ),
        stretches=tuple(each for each in revision.stretches if each.exit_line in crossed),
        segments=observed.links,
        certificate=revision.certificate if crossed else None,
    )


def violation_detected(
    source: SegmentStored | SnapshotStored,
    observed: ObservedViolation,
    shots: tuple[Shot, ...],
    certificate: Certificate | None,
    provenance: Provenance,
) -> ViolationDetected:
    return ViolationDetected(
        camera_id=source.camera_id,
        county=source.county,
        road_class=source.road_class,
        place_class=source.place_class,
        captured_at=observed.captured_at,
        clock_source=observed.clock_source,
        clock_u95_ms=observed.clock_u95_ms,
        violation_id=deterministic_id("violation", observed.passage_id, observed.rule),
        passage_id=observed.passage_id,
        revision=source.revision,
        stream_id=source.stream_id,
        rule=observed.rule,
        vehicle=_vehicle(observed),
        lane=observed.lane,
        measurement=measurement_of(observed.measurement),
        certificate=certificate,
        segments=observed.links,
        shots=shots,
        provenance=provenance,
        track=observed.track,
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
                vehicle_class=count.vehicle_class,
                vehicles=count.vehicles,
                mean_speed_kmh=count.mean_speed_kmh,
            )
            for count in interval.counts
        ),
        provenance=provenance,
        lanes=tuple(LaneTraffic(**asdict(lane)) for lane in interval.lanes),
    )


def incident_observed(
    source: SegmentStored, change: IncidentChange, provenance: Provenance
) -> IncidentObserved:
    incident = change.incident
    began_at = incident.began.at
    return IncidentObserved(
        camera_id=source.camera_id,
        county=source.county,
        road_class=source.road_class,
        place_class=source.place_class,
        captured_at=change.at.at,
        clock_source=source.clock_source,
        clock_u95_ms=source.clock_u95_ms,
        incident_id=deterministic_id(
            "incident", incident.kind, source.stream_id, incident.subject, began_at.isoformat()
        ),
        stream_id=source.stream_id,
        revision=source.revision,
        incident=incident.kind,
        began_at=began_at,
        ended_at=change.ended_at,
        ended_by=change.ended_by,
        lane=incident.lane,
        box=picture_box(incident.box),
        vehicle_class=incident.vehicle_class,
        quantity=change.quantity,
        value=round(change.value, 3),
        threshold=round(change.threshold, 3),
        provenance=provenance,
    )


def detector_health_changed(
    source: SegmentStored, change: ConditionChange, provenance: Provenance
) -> DetectorHealthChanged:
    return DetectorHealthChanged(
        camera_id=source.camera_id,
        county=source.county,
        road_class=source.road_class,
        place_class=source.place_class,
        stream_id=source.stream_id,
        condition=change.condition,
        raised=change.raised,
        changed_at=change.at.at,
        value=change.value,
        threshold=change.threshold,
        provenance=provenance,
    )


def _vehicle(observed: ObservedPassage | ObservedViolation) -> Vehicle:
    return Vehicle(
        vehicle_class=observed.vehicle_class,
        confidence=round(observed.confidence, 4),
    )


def _speed(estimate: SpeedEstimate | None, method: str) -> Speed | None:
    if estimate is None:
        return None
    return Speed(
        speed_kmh=round(estimate.speed_kmh, 3),
        speed_u95_kmh=round(estimate.speed_u95_kmh, 3),
        method=method,
    )
