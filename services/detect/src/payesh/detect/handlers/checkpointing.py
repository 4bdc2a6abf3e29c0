"""Checkpointing: a stream's whole state into the store, and back into memory."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import structlog

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.detect import Shot
from payesh.contracts.values import ModelReference
from payesh.detect.adapters.checkpoint import (
    CheckpointUnreadable,
    read_checkpoint,
    write_checkpoint,
)
from payesh.detect.adapters.checkpoints import Checkpoints
from payesh.detect.adapters.detectors import Detectors
from payesh.detect.adapters.revisions import Revisions
from payesh.detect.domain.camera_watch import CameraWatch
from payesh.detect.handlers.watching import WatchedCamera, WatchedStream
from payesh.detect.ports import UNREADABLE, DecoderFactory, Part, Parts, TrackerFactory
from payesh.detect.vision.stream_memory import StreamUnreadable, last_event_of, parts_of, recall
from payesh.detect.vision.stream_observer import StreamObserver

log = structlog.get_logger(__name__)
T = TypeVar("T")

SHOTS = "shots"
_SHOTS_VERSION = 1


@dataclass(frozen=True, slots=True)
class ObserverFactory:
    """Makes stream observers from the adapters that they rest on."""

    detectors: Detectors
    new_decoder: DecoderFactory
    new_tracker: TrackerFactory

    def new(self, revision: CameraRevision) -> tuple[StreamObserver, tuple[ModelReference, ...]]:
        """An observer of a stream of its own, with the models it rests on. Raises MessageFault
        when this deployment lacks the model."""
        detector, models = self.detectors.for_stream(revision)
        observer = StreamObserver(
            revision, detector, new_decoder=self.new_decoder, new_tracker=self.new_tracker
        )
        return observer, models


class Checkpointing:
    """Checkpoints of cameras and streams. All methods raise StoreUnavailable."""

    def __init__(
        self,
        checkpoints: Checkpoints,
        revisions: Revisions,
        observers: ObserverFactory,
        executor: Executor,
    ) -> None:
        self._checkpoints = checkpoints
        self._revisions = revisions
        self._observers = observers
        self._executor = executor

    async def watch_of(self, camera_id: str) -> CameraWatch:
        """The camera's known streams; none when there is no readable checkpoint of it."""
        body = await self._checkpoints.of_camera(camera_id)
        if body is None:
            return CameraWatch()
        try:
            return CameraWatch.from_json(body)
        except ValueError as error:
            log.warning("camera checkpoint unreadable", camera_id=camera_id, cause=str(error))
            return CameraWatch()

    async def recall(self, stream_id: UUID) -> WatchedStream | None:
        """The stream as its checkpoint holds it; None when there is none that can be read."""
        body = await self._checkpoints.of_stream(stream_id)
        if body is None:
            return None
        try:
            parts = await self._in_thread(lambda: read_checkpoint(body))
            last = last_event_of(parts)
            observer, models = self._observers.new(await self._revisions.load(last.revision))
            recalled = await self._in_thread(lambda: recall(observer, parts))
        except (CheckpointUnreadable, StreamUnreadable) as error:
            log.warning("checkpoint unreadable", stream_id=str(stream_id), cause=str(error))
            return None
        if recalled.rebuilt:
            log.warning(
                "checkpoint parts rebuilt", stream_id=str(stream_id), parts=recalled.rebuilt
            )
        return WatchedStream(
            observer,
            models,
            last.revision.sha256,
            observer.last_sequence,
            recalled.observations,
            shots_of(parts),
        )

    async def save(self, camera: WatchedCamera, stream: WatchedStream) -> None:
        """Write down a stream, all of which has been published. No effect before its first
        segment."""
        last = stream.observer.last_event
        if last is None:
            return
        archive = await self._in_thread(
            lambda: write_checkpoint([shots_part(stream), *parts_of(stream.observer)])
        )
        await self._checkpoints.put(last.camera_id, camera.watch.to_json(), last.stream_id, archive)
        stream.observer.checkpointed()
        stream.saved_sequence = last.sequence

    async def save_unsaved(self, camera: WatchedCamera) -> None:
        """Write down each stream of the camera that went on since it was saved."""
        for stream in list(camera.streams.values()):
            if stream.unsaved:
                await self.save(camera, stream)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        # An archive takes long enough for the loop's thread to miss heartbeats.
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


def shots_part(stream: WatchedStream) -> Part:
    """The pictures of published passages, as a part of the checkpoint."""
    passages = {
        str(passage_id): [shot.model_dump(mode="json") for shot in shots]
        for passage_id, shots in stream.shots.items()
    }
    return Part(SHOTS, _SHOTS_VERSION, {"passages": passages})


def shots_of(parts: Parts) -> dict[UUID, tuple[Shot, ...]]:
    """The inverse of `shots_part`. Without a readable part, a violation that follows a published
    passage has no pictures; the passage itself has them."""
    part = parts.get(SHOTS)
    if part is None or part.version != _SHOTS_VERSION:
        return {}
    try:
        return {
            UUID(passage_id): tuple(Shot.model_validate_json(json.dumps(shot)) for shot in shots)
            for passage_id, shots in part.state["passages"].items()
        }
    except UNREADABLE:
        return {}
