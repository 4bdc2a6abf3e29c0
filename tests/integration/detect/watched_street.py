"""A recorded street whose segments lie in the store, and an observer to watch it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from payesh.contracts import Event, PassageObserved, SegmentStored
from payesh.contracts.values import ObjectReference
from payesh.detect.adapters.checkpoint import read_checkpoint
from payesh.detect.adapters.checkpoints import BUCKET, stream_key
from payesh.detect.adapters.detectors import Detectors
from payesh.detect.adapters.models import ModelFolder
from payesh.detect.adapters.tracker import VehicleTracker
from payesh.detect.adapters.video import StreamDecoder
from payesh.detect.handlers.observing import Observing, ObservingDependencies
from payesh.detect.settings import ObserverSettings
from payesh.detect.vision.stream_memory import last_event_of
from payesh.kit.bus import Delivery, Disposition, Producer
from payesh.kit.errors import DependencyFault
from payesh.kit.objects import ObjectStore
from payesh.local.engines import EngineSet
from tests.support.engine_settings import bus_settings, object_settings
from tests.unit.detect.box_street import box_revision
from tests.unit.detect.segment_cutter import STARTED_AT, cut


async def recorded(
    store: ObjectStore,
    video: Path,
    *,
    camera_id: str,
    stream_id: UUID,
    started_at: datetime = STARTED_AT,
    fencing_token: int = 1,
    revision_number: int = 1,
    at_keyframes: bool = True,
    **marks: Any,
) -> list[SegmentStored]:
    """What ingest would publish of the video; everything it refers to is in the store. `marks` are
    further fields of the camera's revision."""
    revision = box_revision(revision=revision_number).model_copy(
        update={"camera_id": camera_id, "county": "garmsar", **marks}
    )
    segments = cut(
        video,
        revision,
        stream_id=stream_id,
        started_at=started_at,
        fencing_token=fencing_token,
        at_keyframes=at_keyframes,
    )
    reference = segments[0].event.revision.object
    await _put(store, reference, revision.model_dump_json().encode())
    await _put(store, segments[0].event.init, segments[0].init)
    for segment in segments:
        await _put(store, segment.event.media, segment.media)
    return [segment.event for segment in segments]


async def _put(store: ObjectStore, reference: ObjectReference, body: bytes) -> None:
    kept = await store.put(reference.bucket, reference.key, body, media_type=reference.media_type)
    assert kept.sha256 == reference.sha256


class Noted:
    """Publishes on the real bus and notes what was published."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self.published: list[Event] = []

    async def publish(self, event: Event) -> None:
        await self._producer.publish(event)
        self.published.append(event)


class FailsEachFirst:
    """Every other call about the same thing fails: by turns before it had its effect, and after,
    when only the answer is lost. Stands before a real store or producer; `calls` are the names
    of the methods that fail."""

    def __init__(self, target: Any, fault: Exception, calls: frozenset[str]) -> None:
        self._target = target
        self._fault = fault
        self._calls = calls
        self._tries: Counter[tuple[str, ...]] = Counter()
        self.failed = 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._target, name)
        if name not in self._calls:
            return call

        async def tried(*arguments: Any, **options: Any) -> Any:
            subject = (name, *(_named(each) for each in arguments[:2]))
            self._tries[subject] += 1
            fails = self._tries[subject] % 2 == 1
            self.failed += fails
            if fails and self.failed % 2:
                raise self._fault
            answer = await call(*arguments, **options)
            if fails:
                raise self._fault
            return answer

        return tried


def _named(argument: Any) -> str:
    if isinstance(argument, Event):
        return str(argument.event_id())
    return argument.key if isinstance(argument, ObjectReference) else str(argument)[:80]


def observer_settings(engines: EngineSet, **changes: Any) -> ObserverSettings:
    return ObserverSettings(
        http_port=0,
        metrics_port=0,
        **{**bus_settings(engines), **object_settings(engines, "detect"), **changes},
    )


def observing(store: Any, publisher: Any, executor: Executor, **limits: int) -> Observing:
    """As the observer process wires it."""
    return Observing(
        ObservingDependencies(
            store=store,
            publisher=publisher,
            detectors=Detectors(ModelFolder(None)),
            new_decoder=StreamDecoder,
            new_tracker=VehicleTracker,
            executor=executor,
            software_version="test 1",
            **limits,
        )
    )


async def deliver(observer: Observing, event: SegmentStored, offset: int = 0) -> Disposition:
    """One message, tried until no dependency fails, as the consumer does."""
    delivery = Delivery(event, event.event_id(), event.topic, 0, offset, None, None)
    for _ in range(50):
        try:
            return await observer.segment_stored(delivery)
        except DependencyFault:
            continue
    raise AssertionError("it never succeeds")


async def watch(observers: Iterator[Observing], events: Sequence[SegmentStored]) -> int:
    """Deliver a partition's messages; whenever `observers` gives another observer, the former
    one is gone and everything since the last commit is delivered again. One observer is asked
    for after each message. Answers how many messages are committed at the end."""
    committed = 0
    observer = next(observers)
    for offset in range(len(events)):
        successor = next(observers) if offset else observer
        repeated = range(committed, offset) if successor is not observer else range(0)
        observer = successor
        for each in (*repeated, offset):
            if await deliver(observer, events[each], each) is Disposition.DONE:
                committed = max(committed, each + 1)
    return committed


def passages(published: Sequence[Event], stream_id: UUID) -> list[PassageObserved]:
    return [e for e in published if isinstance(e, PassageObserved) and e.stream_id == stream_id]


async def last_saved(store: ObjectStore, stream_id: UUID) -> int | None:
    """The sequence that a stream's checkpoint ends with; None without one."""
    body = await store.get_latest(BUCKET, stream_key(stream_id))
    return last_event_of(read_checkpoint(body)).sequence if body is not None else None
