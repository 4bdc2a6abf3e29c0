"""The passages that an undisturbed observer finds in stored segments, in this process."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from minio import Minio

from payesh.contracts import PassageObserved, SegmentStored, ViolationDetected
from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import MeasuredQuantity, ObjectReference
from payesh.contracts.vocabulary import PassageEnd
from payesh.detect.domain.rules.finding import Quantity
from payesh.detect.vision.observations import ObservedPassage, ObservedViolation
from payesh.detect.vision.stream_observer import StreamObserver
from tests.support.observer_builder import stream_observer


class PassageFacts(NamedTuple):
    """What is compared of a passage; pictures by their SHA-256, times in UTC."""

    captured_at: Any
    first_seen_at: Any
    last_seen_at: Any
    ended_by: str
    vehicle_class: str
    lane: str | None
    speed: tuple[float, float] | None
    shots: tuple[str, ...]
    violation: tuple[float, tuple[int, ...]] | None
    """Lower bound in km/h, and the segments' numbers."""


def published(
    passages: Iterable[PassageObserved], violations: Sequence[ViolationDetected]
) -> dict[UUID, PassageFacts]:
    """Published passages by id."""
    violated = {}
    for each in violations:
        assert isinstance(each.measurement, MeasuredQuantity), "the street has speeding alone"
        links = tuple(link.sequence for link in each.segments)
        violated[each.passage_id] = (each.measurement.lower_bound, links)
    return {
        each.passage_id: PassageFacts(
            each.captured_at,
            each.first_seen_at,
            each.last_seen_at,
            each.ended_by,
            each.vehicle.vehicle_class,
            each.lane,
            (each.speed.speed_kmh, each.speed.speed_u95_kmh) if each.speed else None,
            tuple(shot.crop.sha256 for shot in each.shots),
            violated.get(each.passage_id),
        )
        for each in passages
    }


class Undisturbed:
    """One observer a stream, from its first segment on.

    `observe` may be called again as more segments come; it blocks while it decodes. A stream that
    stopped without an end is closed once another is 20 s ahead of it, as the service does.
    """

    def __init__(self, store: Minio) -> None:
        self._store = store
        self._observers: dict[UUID, StreamObserver] = {}
        self._abandoned: set[UUID] = set()
        self.passages: dict[UUID, PassageFacts] = {}

    def observe(self, segments: Iterable[SegmentStored]) -> None:
        waiting: dict[UUID, list[SegmentStored]] = defaultdict(list)
        for segment in sorted(segments, key=lambda each: each.sequence):
            waiting[segment.stream_id].append(segment)
        for stream_id, own in waiting.items():
            for segment in own:
                observer = self._observers.get(stream_id)
                expected = observer.last_sequence + 1 if observer else 0
                if segment.sequence == expected:
                    self._segment(segment)
        self._close_abandoned()

    def _segment(self, segment: SegmentStored) -> None:
        observer = self._observers.get(segment.stream_id)
        if observer is None:
            revision = CameraRevision.model_validate_json(self._get(segment.revision.object))
            observer = stream_observer(revision)
            self._observers[segment.stream_id] = observer
        media = self._get(segment.media)
        self._note(observer.observe_segment(segment, self._get(segment.init), media))

    def _close_abandoned(self) -> None:
        ends = {stream: each.last_event for stream, each in self._observers.items()}
        latest = max((event.captured_at for event in ends.values() if event), default=None)
        for stream_id, last in ends.items():
            if last is None or latest is None or last.last_in_stream:
                continue
            if stream_id not in self._abandoned and latest - last.captured_at > timedelta(
                seconds=20
            ):
                self._abandoned.add(stream_id)
                self._note(self._observers[stream_id].close(PassageEnd.LOST))

    def _note(self, observations: Iterable[Any]) -> None:
        for observed in observations:
            if isinstance(observed, ObservedPassage):
                self.passages[observed.passage_id] = _facts(observed)
            elif isinstance(observed, ObservedViolation):
                assert isinstance(observed.measurement, Quantity)
                violation = (
                    round(observed.measurement.lower_bound, 3),
                    tuple(link.sequence for link in observed.links),
                )
                passage = self.passages[observed.passage_id]
                self.passages[observed.passage_id] = passage._replace(violation=violation)

    def _get(self, reference: ObjectReference) -> bytes:
        response = self._store.get_object(reference.bucket, reference.key)
        try:
            return bytes(response.read())
        finally:
            response.close()
            response.release_conn()


def _facts(observed: ObservedPassage) -> PassageFacts:
    speed = observed.speed
    return PassageFacts(
        observed.captured_at,
        observed.first_seen_at,
        observed.last_seen_at,
        observed.ended_by,
        observed.vehicle_class,
        observed.lane,
        (round(speed.speed_kmh, 3), round(speed.speed_u95_kmh, 3)) if speed else None,
        tuple(hashlib.sha256(shot.crop_jpeg).hexdigest() for shot in observed.shots),
        violation=None,
    )
