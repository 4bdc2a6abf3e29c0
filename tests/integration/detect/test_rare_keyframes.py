"""A camera with few keyframes: whoever takes its partition over goes on in the middle."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, repeat
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import cv2
import pytest

from payesh.contracts import PassageObserved, SegmentStored, ViolationDetected
from payesh.contracts.values import ObjectReference
from payesh.kit.bus import Producer
from payesh.kit.errors import MessageFault, ObjectMissing
from payesh.local.engines import EngineSet
from payesh.local.topics import create_topics
from tests.integration.detect.watched_street import (
    Noted,
    deliver,
    last_saved,
    observer_settings,
    observing,
    passages,
    recorded,
    watch,
)
from tests.support.engine_settings import store_of
from tests.unit.detect.box_street import BoxCar, render
from tests.unit.detect.encoded_again import encoded_again

CARS = [
    BoxCar(x_m=2.0, speed_kmh=83.0, exits_at_s=3.7, colour=(40, 60, 200)),
    BoxCar(x_m=-2.0, speed_kmh=71.0, exits_at_s=7.4),
]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keyframes at 0 and 7 s; segments of 2 s."""
    cv2.setNumThreads(1)
    folder = tmp_path_factory.mktemp("rare-keyframes")
    street = render(folder / "street.mp4", CARS, 9.0)
    return encoded_again(street, folder / "sent.mp4", gop=175, b_frames=2)


async def sent(engines: EngineSet, video: Path, stream_id: UUID) -> list[SegmentStored]:
    await create_topics(engines.addresses()["kafka_bootstrap"])
    return await recorded(
        store_of(engines, "ingest"),
        video,
        camera_id=f"rare-{stream_id.hex[:8]}",
        stream_id=stream_id,
        at_keyframes=False,
    )


@pytest.fixture
async def producer(engines: EngineSet) -> AsyncIterator[Producer]:
    producer = Producer(observer_settings(engines))
    await producer.start()
    yield producer
    await producer.stop()


def conclusions(noted: Noted) -> list[tuple[object, ...]]:
    """What two recordings of one film have in common; published again counts once."""
    return sorted(
        {
            (event.first_seen_at, event.captured_at, event.ended_by, event.speed)
            for event in noted.published
            if isinstance(event, PassageObserved)
        },
        key=str,
    )


async def test_taken_over_after_every_segment_the_same_is_published(
    engines: EngineSet, producer: Producer, video: Path
) -> None:
    store = store_of(engines, "detect")
    once, often = Noted(producer), Noted(producer)
    with ThreadPoolExecutor(1) as executor:
        events = await sent(engines, video, uuid4())
        await watch(repeat(observing(store, once, executor)), events)
        again = await sent(engines, video, uuid4())
        await watch((observing(store, often, executor) for _ in count()), again)
    assert [speed is not None for *_, speed in conclusions(once)] == [True] * len(CARS)
    assert conclusions(often) == conclusions(once)
    proved = [event for event in often.published if isinstance(event, ViolationDetected)]
    assert len({event.violation_id for event in proved}) == len(CARS)
    assert {event.segments[0].sequence for event in proved} == {0}, "where decoding begins"


class Lacking:
    """A store in which one object is gone."""

    def __init__(self, store: Any, key: str) -> None:
        self._store = store
        self._key = key

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def get(self, reference: ObjectReference, **limits: int) -> bytes:
        if reference.key == self._key:
            raise ObjectMissing(reference)
        body: bytes = await self._store.get(reference, **limits)
        return body


async def test_where_the_keyframe_is_gone_segments_are_dead_letters_until_the_next_one(
    engines: EngineSet, producer: Producer, video: Path
) -> None:
    store, noted = store_of(engines, "detect"), Noted(producer)
    with ThreadPoolExecutor(1) as executor:
        events = await sent(engines, video, uuid4())
        first = observing(store, noted, executor)
        for event in events[:2]:
            await deliver(first, event)
        saved = await last_saved(store, events[0].stream_id)
        successor = observing(Lacking(store, events[0].media.key), noted, executor)
        letters = []
        for event in events[2:]:
            try:
                await deliver(successor, event)
            except MessageFault as fault:
                letters.append((event.sequence, fault.retry))
    assert (saved, letters) == (1, [(2, False)])
    assert await last_saved(store, events[0].stream_id) == events[-1].sequence
    seen = passages(noted.published, events[0].stream_id)
    assert len({event.passage_id for event in seen}) <= len(CARS)
