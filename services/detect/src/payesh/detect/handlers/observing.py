"""Observing: a stored segment in, its passages, violations and counts out; then a checkpoint."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

import structlog

from payesh.contracts import SegmentStored, SnapshotStored
from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.event import Event
from payesh.contracts.values import ModelReference, ObjectReference, Provenance
from payesh.contracts.vocabulary import PassageEnd
from payesh.detect.adapters.checkpoint import (
    CheckpointUnreadable,
    last_event_of,
    load_checkpoint,
    save_checkpoint,
)
from payesh.detect.adapters.detectors import Detectors
from payesh.detect.adapters.revisions import Revisions
from payesh.detect.domain.camera_watch import CameraWatch
from payesh.detect.handlers import events
from payesh.detect.vision.observations import CountsTaken, Observation, PassageTaken, ShotTaken
from payesh.detect.vision.still_observer import observe_still
from payesh.detect.vision.stream_observer import SegmentBroken, StreamObserver
from payesh.kit.bus import Delivery, Disposition
from payesh.kit.errors import MessageFault
from payesh.kit.objects import ObjectStore

log = structlog.get_logger(__name__)
T = TypeVar("T")

CHECKPOINTS = "checkpoints"
SHOTS = "shots"
_SEGMENT_LIMIT_BYTES = 64 * 1024 * 1024
_INITS_KEPT = 256


class Publisher(Protocol):
    """Says an event and returns once the bus has it; raises BusUnavailable."""

    async def publish(self, event: Event) -> None: ...


@dataclass(slots=True)
class WatchedStream:
    """An observer in memory, with what it concluded but not yet said."""

    observer: StreamObserver
    models: tuple[ModelReference, ...]
    revision_sha256: str
    saved_sequence: int = -1
    pending: list[Observation] = field(default_factory=list)

    @property
    def unsaved(self) -> bool:
        return self.observer.last_sequence > self.saved_sequence


@dataclass(slots=True)
class WatchedCamera:
    partition: int
    watch: CameraWatch
    streams: dict[UUID, WatchedStream] = field(default_factory=dict)
    in_hand: bool = False
    """Whether a message of it is being handled: then memory is all there is of what it did."""

    @property
    def written_down(self) -> bool:
        return not self.in_hand and not any(s.unsaved or s.pending for s in self.streams.values())


class Observing:
    """The use cases of the observer. One camera's segments come one after another; several
    cameras' side by side. Memory is a cache of the checkpoints: it may be dropped at any time
    between two messages."""

    def __init__(
        self,
        *,
        store: ObjectStore,
        publisher: Publisher,
        detectors: Detectors,
        executor: Executor,
        software_version: str,
        streams_in_memory: int = 256,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._detectors = detectors
        self._executor = executor
        self._software_version = software_version
        self._streams_in_memory = streams_in_memory
        self._revisions = Revisions(store)
        self._inits: OrderedDict[str, bytes] = OrderedDict()
        self._cameras: OrderedDict[str, WatchedCamera] = OrderedDict()

    async def segment_stored(self, delivery: Delivery[Any]) -> Disposition:
        """Observe it, say what it completes, and write the checkpoint when one is due."""
        event: SegmentStored = delivery.event
        camera = await self._camera(event.camera_id, delivery.partition)
        camera.in_hand = True
        try:
            return await self._segment_of(camera, event)
        finally:
            camera.in_hand = False
            self._shed()

    async def _segment_of(self, camera: WatchedCamera, event: SegmentStored) -> Disposition:
        try:
            stream = await self._stream(camera, event)
            if event.sequence > stream.observer.last_sequence:
                await self._close_followed(camera, event)
                await self._observe(stream, event)
                end = event.captured_at + timedelta(milliseconds=event.duration_ms)
                camera.watch.note(event.stream_id, event.fencing_token, event.captured_at, end)
        except MessageFault:
            # Nothing may follow that would save it, and its dead letter releases no held offset.
            await self._save_unsaved(camera)
            raise
        # A segment seen before comes down here too: what a fault kept from being said or saved
        # is made good now, and if there is nothing of that kind it has no effect.
        await self._say(camera, stream)
        if event.last_in_stream:
            camera.watch.close(event.stream_id)
        latest = event.sequence == stream.observer.last_sequence
        broken = stream.observer.broken if latest else None
        if not stream.observer.checkpoint_due and broken is None:
            waiting = any(each.unsaved for each in camera.streams.values())
            return Disposition.HELD if waiting else Disposition.DONE
        await self._save(camera, stream)
        # The offset that is committed now covers the camera's other streams as well.
        await self._save_unsaved(camera)
        if event.last_in_stream:
            camera.streams.pop(event.stream_id, None)
        if broken is not None:
            # Last of all, and the checkpoint holds it: neither a fault while saying or saving nor
            # a process that dies before the letter is on the bus does away with it.
            raise MessageFault(broken, retry=False)
        return Disposition.DONE

    async def snapshot_stored(self, delivery: Delivery[Any]) -> Disposition:
        """Every vehicle of the still becomes a passage; a device's own measurement a violation."""
        event: SnapshotStored = delivery.event
        revision = await self._revisions.load(event.revision)
        body = await self._store.get(event.image)
        found = self._detectors.for_stills(revision)
        detector, models = found if found is not None else (None, ())
        observed = await self._in_thread(lambda: observe_still(event, revision, body, detector))
        for taken in observed:
            await self._say_passage(event, revision, event.stream_id, taken, models)
        return Disposition.DONE

    def drop(self, partitions: set[int]) -> None:
        """Forget cameras whose partitions somebody else holds now: our memory grows stale."""
        gone = [name for name, camera in self._cameras.items() if camera.partition in partitions]
        for name in gone:
            del self._cameras[name]

    async def _camera(self, camera_id: str, partition: int) -> WatchedCamera:
        camera = self._cameras.get(camera_id)
        if camera is None:
            body = await self._store.get_latest(CHECKPOINTS, _camera_key(camera_id))
            watch = CameraWatch()
            if body is not None:
                try:
                    watch = CameraWatch.from_json(body)
                except ValueError as error:
                    log.warning("streams unreadable", camera_id=camera_id, cause=str(error))
            camera = self._cameras[camera_id] = WatchedCamera(partition, watch)
        camera.partition = partition
        self._cameras.move_to_end(camera_id)
        return camera

    def _shed(self) -> None:
        """Keep memory bounded between two messages: the longest unseen cameras go, if their state
        is written down."""
        held = sum(len(camera.streams) for camera in self._cameras.values())
        for name, camera in list(self._cameras.items()):
            if held <= self._streams_in_memory:
                return
            if camera.written_down:
                held -= len(camera.streams)
                del self._cameras[name]

    async def _stream(self, camera: WatchedCamera, event: SegmentStored) -> WatchedStream:
        known = camera.streams.get(event.stream_id)
        if known is not None and known.revision_sha256 == event.revision.sha256:
            return known
        stream = known or await self._recalled(event.stream_id)
        revision = await self._revisions.load(event.revision)
        detector, models = self._detectors.for_stream(revision)
        if stream is None:
            observer = StreamObserver(revision, detector)
            stream = WatchedStream(observer, models, event.revision.sha256)
        elif event.sequence > stream.observer.last_sequence and (
            stream.revision_sha256 != event.revision.sha256
        ):
            # Nobody is measured across two calibrations; who is under way ends under the old one.
            stream.pending += stream.observer.close(PassageEnd.LOST, following=True)
            await self._say(camera, stream)
            stream.observer.revise(revision, detector)
            stream.models, stream.revision_sha256 = models, event.revision.sha256
        camera.streams[event.stream_id] = stream
        return stream

    async def _recalled(self, stream_id: UUID) -> WatchedStream | None:
        """The stream as its checkpoint holds it; None when there is none that can be read."""
        body = await self._store.get_latest(CHECKPOINTS, _stream_key(stream_id))
        if body is None:
            return None
        try:
            last = last_event_of(body)
            revision = await self._revisions.load(last.revision)
            detector, models = self._detectors.for_stream(revision)
            observer = await self._in_thread(lambda: load_checkpoint(body, revision, detector))
        except CheckpointUnreadable as error:
            log.warning("checkpoint unreadable", stream_id=str(stream_id), cause=str(error))
            return None
        return WatchedStream(observer, models, last.revision.sha256, observer.last_sequence)

    async def _observe(self, stream: WatchedStream, event: SegmentStored) -> None:
        last = stream.observer.last_event
        if last is not None and event.sequence != last.sequence + 1:
            log.warning(
                "segments missing",
                camera_id=event.camera_id,
                after=last.sequence,
                next=event.sequence,
            )
        init, media = await asyncio.gather(
            self._init(event.init), self._store.get(event.media, limit_bytes=_SEGMENT_LIMIT_BYTES)
        )
        try:
            stream.pending += await self._in_thread(
                lambda: stream.observer.observe_segment(event, init, media)
            )
        except SegmentBroken as broken:
            # What it had concluded is said; the rest goes where a person sees it.
            stream.pending += broken.concluded

    async def _close_followed(self, camera: WatchedCamera, event: SegmentStored) -> None:
        """Streams that stopped without a word: their open vehicles are lost."""
        for stream_id in camera.watch.followed(
            event.stream_id, event.fencing_token, event.captured_at
        ):
            stream = camera.streams.get(stream_id)
            if stream is None:
                stream = await self._recalled(stream_id)
            if stream is not None:
                stream.pending += stream.observer.close(PassageEnd.LOST)
                await self._say(camera, stream)
                camera.watch.close(stream_id)
                await self._save(camera, stream)
            camera.watch.close(stream_id)
            camera.streams.pop(stream_id, None)

    async def _say(self, camera: WatchedCamera, stream: WatchedStream) -> None:
        """Say what is pending, each once: after a fault of the bus we go on where it failed."""
        source = stream.observer.last_event
        if source is None:
            return
        token, watch = source.fencing_token, camera.watch
        while stream.pending:
            observation = stream.pending[0]
            if isinstance(observation, CountsTaken):
                if not watch.is_superseded(token, observation.interval.started_at):
                    provenance = self._provenance(stream.models)
                    await self._publisher.publish(
                        events.traffic_counted(source, observation.interval, provenance)
                    )
            elif not watch.is_superseded(token, observation.captured_at):
                await self._say_passage(
                    source,
                    stream.observer.site.revision,
                    source.stream_id,
                    observation,
                    stream.models,
                )
            stream.pending.pop(0)

    async def _say_passage(
        self,
        source: SegmentStored | SnapshotStored,
        revision: CameraRevision,
        stream_id: UUID,
        taken: PassageTaken,
        models: tuple[ModelReference, ...],
    ) -> None:
        crops = await self._put_crops(source.camera_id, taken.passage_id, taken.shots)
        measured_by_device = isinstance(source, SnapshotStored)
        passage = events.passage_observed(
            source,
            source.revision,
            stream_id,
            taken,
            events.shots_of(stream_id, taken.shots, crops),
            self._provenance(models),
            events.DEVICE_METHOD if measured_by_device else events.VIDEO_METHOD,
        )
        await self._publisher.publish(passage)
        if taken.speeding is not None:
            violation = events.violation_detected(passage, revision, taken.speeding, taken.links)
            if isinstance(source, SnapshotStored) and not _same_device(source, revision):
                violation = violation.model_copy(update={"certificate": None})
            await self._publisher.publish(violation)

    async def _put_crops(
        self, camera_id: str, passage_id: UUID, shots: Sequence[ShotTaken]
    ) -> list[ObjectReference]:
        return await asyncio.gather(
            *(
                self._store.put(
                    SHOTS,
                    f"{camera_id}/{passage_id}/{number}.jpg",
                    shot.crop_jpeg,
                    media_type="image/jpeg",
                )
                for number, shot in enumerate(shots)
            )
        )

    async def _save(self, camera: WatchedCamera, stream: WatchedStream) -> None:
        last = stream.observer.last_event
        if last is None:
            return
        body = await self._in_thread(lambda: save_checkpoint(stream.observer))
        await self._store.put_mutable(
            CHECKPOINTS, _camera_key(last.camera_id), camera.watch.to_json()
        )
        await self._store.put_mutable(CHECKPOINTS, _stream_key(last.stream_id), body)
        stream.observer.checkpointed()
        stream.saved_sequence = last.sequence

    async def _save_unsaved(self, camera: WatchedCamera) -> None:
        for stream in list(camera.streams.values()):
            if stream.unsaved:
                await self._save(camera, stream)

    async def _init(self, reference: ObjectReference) -> bytes:
        known = self._inits.get(reference.sha256)
        if known is None:
            known = await self._store.get(reference, limit_bytes=1024 * 1024)
            self._inits[reference.sha256] = known
            while len(self._inits) > _INITS_KEPT:
                self._inits.popitem(last=False)
        return known

    def _provenance(self, models: tuple[ModelReference, ...]) -> Provenance:
        return Provenance(software_version=self._software_version, models=models)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        # Decoding for a second in the loop's thread would miss heartbeats.
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


def _same_device(event: SnapshotStored, revision: CameraRevision) -> bool:
    """Whether the measurement came from the device that the revision's certificate is about."""
    return (
        event.measurement is not None
        and revision.certificate is not None
        and event.measurement.certificate_number == revision.certificate.number
    )


def _camera_key(camera_id: str) -> str:
    return f"cameras/{camera_id}.json"


def _stream_key(stream_id: UUID) -> str:
    return f"{stream_id}.npz"
