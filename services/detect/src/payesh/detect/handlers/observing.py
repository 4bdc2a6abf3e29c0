"""Observing: a stored segment in, its passages, violations and counts out; then a checkpoint."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import structlog

from payesh.contracts import SegmentStored, SnapshotStored
from payesh.contracts.vocabulary import PassageEnd
from payesh.detect.adapters.checkpoints import Checkpoints
from payesh.detect.adapters.detectors import Detectors
from payesh.detect.adapters.revisions import Revisions
from payesh.detect.adapters.segments import Segments
from payesh.detect.adapters.stills import decode_still
from payesh.detect.adapters.views import Views
from payesh.detect.handlers.checkpointing import Checkpointing, ObserverFactory
from payesh.detect.handlers.publishing import Publishing
from payesh.detect.handlers.viewing import Viewing
from payesh.detect.handlers.watching import WatchedCamera, WatchedCameras, WatchedStream
from payesh.detect.ports import DecoderFactory, Publisher, TrackerFactory
from payesh.detect.vision.observations import Observation
from payesh.detect.vision.still_observer import observe_still
from payesh.detect.vision.stream_observer import SegmentBroken
from payesh.kit.bus import Delivery, Disposition
from payesh.kit.errors import MessageFault
from payesh.kit.objects import ObjectStore

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ObservingDependencies:
    """What the observer rests on; built once in `observer`."""

    store: ObjectStore
    publisher: Publisher
    detectors: Detectors
    new_decoder: DecoderFactory
    new_tracker: TrackerFactory
    executor: Executor
    software_version: str
    streams_in_memory: int = 64


class Observing:
    """The use cases of the observer. One camera's segments come one after another; several
    cameras' side by side."""

    def __init__(self, dependencies: ObservingDependencies) -> None:
        self._store = dependencies.store
        self._executor = dependencies.executor
        self._detectors = dependencies.detectors
        self._segments = Segments(dependencies.store)
        self._revisions = Revisions(dependencies.store)
        self._observers = ObserverFactory(
            dependencies.detectors, dependencies.new_decoder, dependencies.new_tracker
        )
        self._checkpoints = Checkpointing(
            Checkpoints(dependencies.store), self._revisions, self._observers, self._executor
        )
        self._publishing = Publishing(
            dependencies.store, dependencies.publisher, dependencies.software_version
        )
        self._viewing = Viewing(Views(dependencies.store))
        self._cameras = WatchedCameras(dependencies.streams_in_memory)

    async def segment_stored(self, delivery: Delivery[Any]) -> Disposition:
        """Observe it, publish what it completes, and write the checkpoint when one is due."""
        event: SegmentStored = delivery.event
        camera = await self._camera(event.camera_id, delivery.partition)
        camera.in_hand = True
        try:
            return await self._segment_of(camera, event)
        finally:
            camera.in_hand = False
            self._cameras.shed()

    async def snapshot_stored(self, delivery: Delivery[Any]) -> Disposition:
        """Every vehicle of the still becomes a passage; a device's own measurement a violation."""
        event: SnapshotStored = delivery.event
        revision = await self._revisions.load(event.revision)
        body = await self._store.get(event.image)
        found = self._detectors.for_stills(revision)
        detector, models = found if found is not None else (None, ())
        observed = await self._in_thread(
            lambda: observe_still(event, revision, decode_still(body), detector)
        )
        await self._publishing.publish_still(event, revision, observed, models)
        return Disposition.DONE

    def drop(self, partitions: set[int]) -> None:
        """Forget cameras whose partitions another process holds now."""
        self._cameras.drop(partitions)

    async def _segment_of(self, camera: WatchedCamera, event: SegmentStored) -> Disposition:
        try:
            stream = await self._stream(camera, event)
            if event.sequence > stream.observer.last_sequence:
                await self._close_followed(camera, event)
                self._viewing.begin(camera, stream, event)
                await self._observe(stream, event)
                end = event.captured_at + timedelta(milliseconds=event.duration_ms)
                camera.watch.note(event.stream_id, event.fencing_token, event.captured_at, end)
        except MessageFault:
            # No later message may come that would save it, and a dead letter releases no held
            # offset.
            await self._checkpoints.save_unsaved(camera)
            raise
        # A segment seen before comes down here too: what a fault kept from being published or
        # saved is made good now, and if there is nothing of that kind it has no effect.
        await self._publishing.publish_pending(stream, camera.watch)
        await self._viewing.keep(camera, stream, event)
        if event.last_in_stream:
            camera.watch.close(event.stream_id)
        latest = event.sequence == stream.observer.last_sequence
        broken = stream.observer.broken if latest else None
        if not (stream.observer.checkpoint_due or self._cameras.full) and broken is None:
            waiting = any(each.unsaved for each in camera.streams.values())
            return Disposition.HELD if waiting else Disposition.DONE
        await self._checkpoints.save(camera, stream)
        # The offset that is committed now covers the camera's other streams as well.
        await self._checkpoints.save_unsaved(camera)
        if event.last_in_stream:
            camera.streams.pop(event.stream_id, None)
        if broken is not None:
            # Last of all, and the checkpoint holds it: neither a fault while publishing or saving
            # nor a process that dies before the letter is on the bus does away with it.
            raise MessageFault(broken, retry=False)
        return Disposition.DONE

    async def _camera(self, camera_id: str, partition: int) -> WatchedCamera:
        camera = self._cameras.get(camera_id)
        if camera is None:
            camera = WatchedCamera(partition, await self._checkpoints.watch_of(camera_id))
        camera.partition = partition
        self._cameras.keep(camera_id, camera)
        return camera

    async def _stream(self, camera: WatchedCamera, event: SegmentStored) -> WatchedStream:
        known = camera.streams.get(event.stream_id)
        if known is not None and known.revision_sha256 == event.revision.sha256:
            return known
        stream = known or await self._checkpoints.recall(event.stream_id)
        revision = await self._revisions.load(event.revision)
        if stream is None:
            observer, models = self._observers.new(revision)
            stream = WatchedStream(observer, models, event.revision.sha256)
        elif event.sequence > stream.observer.last_sequence and (
            stream.revision_sha256 != event.revision.sha256
        ):
            # No vehicle is measured across two calibrations: its trajectory ends under the old one.
            detector, models = self._detectors.for_stream(revision)
            stream.pending += stream.observer.close(PassageEnd.LOST, going_on=True)
            await self._publishing.publish_pending(stream, camera.watch)
            stream.observer.revise(revision, detector)
            stream.models, stream.revision_sha256 = models, event.revision.sha256
        camera.streams[event.stream_id] = stream
        return stream

    async def _observe(self, stream: WatchedStream, event: SegmentStored) -> None:
        last = stream.observer.last_event
        if last is not None and event.sequence != last.sequence + 1:
            log.warning(
                "segments missing",
                camera_id=event.camera_id,
                after=last.sequence,
                next=event.sequence,
            )
        await self._catch_up(stream)
        init, media = await self._segments.fetch(event)
        stream.pending += await self._in_thread(lambda: _observed(stream, event, init, media))

    async def _catch_up(self, stream: WatchedStream) -> None:
        """Put the decoder of a stream back that was read from its checkpoint. Where the segments
        for it are gone, the stream waits for its next keyframe."""
        decoding = stream.observer.decoding
        try:
            for references in decoding.behind:
                parts = await self._segments.parts(*references)
                await self._in_thread(partial(decoding.catch_up, *parts))
        except MessageFault as fault:
            log.warning("decoder not put back", segments=len(decoding.behind), cause=fault.reason)
            decoding.give_up()

    async def _close_followed(self, camera: WatchedCamera, event: SegmentStored) -> None:
        """Streams that stopped without a last segment: their open vehicles are lost."""
        for stream_id in camera.watch.followed(
            event.stream_id, event.fencing_token, event.captured_at
        ):
            stream = camera.streams.get(stream_id)
            if stream is None:
                stream = await self._checkpoints.recall(stream_id)
            if stream is not None:
                await self._catch_up(stream)
                stream.pending += await self._in_thread(stream.observer.stop)
                await self._publishing.publish_pending(stream, camera.watch)
                camera.watch.close(stream_id)
                await self._checkpoints.save(camera, stream)
            camera.watch.close(stream_id)
            camera.streams.pop(stream_id, None)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        # Decoding for a second in the loop's thread would miss heartbeats.
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


def _observed(
    stream: WatchedStream, event: SegmentStored, init: bytes, media: bytes
) -> list[Observation]:
    try:
        return stream.observer.observe_segment(event, init, media)
    except SegmentBroken as broken:
        # What it had concluded is published; the observer keeps the reason.
        return broken.concluded
