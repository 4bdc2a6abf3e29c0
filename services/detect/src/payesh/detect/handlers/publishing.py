"""Publishing: crops into the store, then what was observed onto the bus."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from payesh.contracts import SegmentStored, SnapshotStored
from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.detect import Shot
from payesh.contracts.values import ModelReference, ObjectReference, Provenance
from payesh.detect import metrics
from payesh.detect.domain.camera_watch import CameraWatch
from payesh.detect.handlers import events
from payesh.detect.handlers.watching import WatchedStream
from payesh.detect.ports import Publisher, ShotKeeper
from payesh.detect.vision.observations import (
    Observation,
    ObservedCondition,
    ObservedCounts,
    ObservedIncident,
    ObservedPassage,
    ObservedShot,
    ObservedViolation,
)

SHOTS = "shots"


class Publishing:
    """Each observation is published once; after a fault of the bus it goes on where it failed."""

    def __init__(self, store: ShotKeeper, publisher: Publisher, software_version: str) -> None:
        self._store = store
        self._publisher = publisher
        self._software_version = software_version

    async def publish_pending(self, stream: WatchedStream, watch: CameraWatch) -> None:
        """Everything that the stream concluded, but for what a holder with a higher fencing token
        recorded as well."""
        source = stream.observer.last_event
        if source is None:
            return
        while stream.pending:
            observation = stream.pending[0]
            moment = _counts_at(observation)
            if moment is None or not watch.is_superseded(source.fencing_token, moment):
                await self._publish(stream, source, observation)
            stream.pending.pop(0)
        followed = stream.observer.following.passage_ids
        stream.shots = {p: shots for p, shots in stream.shots.items() if p in followed}

    async def publish_still(
        self,
        event: SnapshotStored,
        revision: CameraRevision,
        observed: Sequence[ObservedPassage | ObservedViolation],
        models: tuple[ModelReference, ...],
    ) -> None:
        """What a still shows. The certificate is the revision's, so a violation carries it only if
        the revision's device measured it."""
        shots: dict[UUID, tuple[Shot, ...]] = {}
        provenance = self._provenance(models)
        for each in observed:
            if isinstance(each, ObservedPassage):
                shots[each.passage_id] = await self._put_shots(event, each)
                await self._publisher.publish(
                    events.passage_observed(
                        event,
                        each,
                        shots[each.passage_id],
                        provenance,
                        events.DEVICE_METHOD,
                        revision,
                    )
                )
            else:
                certificate = revision.certificate if _same_device(event, revision) else None
                await self._publisher.publish(
                    events.violation_detected(
                        event, each, shots[each.passage_id], certificate, provenance
                    )
                )

    async def _publish(
        self,
        stream: WatchedStream,
        source: SegmentStored,
        observation: Observation,
    ) -> None:
        provenance = self._provenance(stream.models)
        if isinstance(observation, ObservedCounts):
            await self._publisher.publish(
                events.traffic_counted(source, observation.interval, provenance)
            )
        elif isinstance(observation, ObservedIncident):
            await self._publisher.publish(
                events.incident_observed(source, observation.change, provenance)
            )
            if observation.change.ended_at is None:
                metrics.incidents.labels(observation.change.incident.kind).inc()
        elif isinstance(observation, ObservedCondition):
            await self._publisher.publish(
                events.detector_health_changed(source, observation.change, provenance)
            )
            if observation.change.raised:
                metrics.conditions.labels(observation.change.condition).inc()
        elif isinstance(observation, ObservedPassage):
            shots = await self._put_shots(source, observation)
            stream.shots[observation.passage_id] = shots
            await self._publisher.publish(
                events.passage_observed(
                    source,
                    observation,
                    shots,
                    provenance,
                    events.VIDEO_METHOD,
                    stream.observer.revision,
                )
            )
        else:
            shots = stream.shots.get(observation.passage_id, ())
            certificate = stream.observer.revision.certificate
            await self._publisher.publish(
                events.violation_detected(source, observation, shots, certificate, provenance)
            )

    async def _put_shots(
        self, source: SegmentStored | SnapshotStored, passage: ObservedPassage
    ) -> tuple[Shot, ...]:
        crops = await asyncio.gather(
            *(
                self._put(source.camera_id, passage.passage_id, number, shot)
                for number, shot in enumerate(passage.shots)
            )
        )
        return events.shots_of(source.stream_id, passage.shots, crops)

    async def _put(
        self, camera_id: str, passage_id: UUID, number: int, shot: ObservedShot
    ) -> ObjectReference:
        key = f"{camera_id}/{passage_id}/{number}.jpg"
        return await self._store.put(SHOTS, key, shot.crop_jpeg, media_type="image/jpeg")

    def _provenance(self, models: tuple[ModelReference, ...]) -> Provenance:
        return Provenance(software_version=self._software_version, models=models)


def _counts_at(observation: Observation) -> datetime | None:
    """The moment at which the higher fencing token decides; None for what is published whichever
    stream counts: that an incident or a condition is over, which no other stream knows of."""
    if isinstance(observation, ObservedCounts):
        return observation.interval.started_at
    if isinstance(observation, ObservedIncident):
        change = observation.change
        return change.at.at if change.ended_at is None else None
    if isinstance(observation, ObservedCondition):
        return observation.change.at.at if observation.change.raised else None
    return observation.captured_at


def _same_device(event: SnapshotStored, revision: CameraRevision) -> bool:
    """Whether the measurement came from the device that the revision's certificate is about."""
    return (
        event.measurement is not None
        and revision.certificate is not None
        and event.measurement.certificate_number == revision.certificate.number
    )
