"""The observer on a real store and bus: its events survive faults, restarts and bad video."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import repeat
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import cv2
import httpx
import pytest
from PIL import Image

from payesh.contracts import (
    Event,
    PassageObserved,
    SegmentStored,
    TrafficCounted,
    ViolationDetected,
)
from payesh.contracts.values import MeasuredQuantity
from payesh.contracts.vocabulary import PassageEnd
from payesh.detect.adapters.checkpoints import BUCKET, camera_key, stream_key
from payesh.detect.adapters.views import Views
from payesh.detect.handlers.observing import Observing
from payesh.detect.observer import create_observer
from payesh.kit.bus import Disposition, Producer
from payesh.kit.deadletters import dead_letters
from payesh.kit.errors import BusUnavailable, MessageFault, StoreUnavailable
from payesh.kit.objects import MinioObjects
from payesh.local.bus_tap import BusTap
from payesh.local.engines import EngineSet
from payesh.local.topics import create_topics
from tests.integration.detect.watched_street import (
    FailsEachFirst,
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
from tests.support.serving import served
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import eventually
from tests.unit.detect.box_street import BoxCar, render
from tests.unit.detect.segment_cutter import STARTED_AT

CAMERA, STREAM = f"watched-{uuid4().hex[:8]}", uuid4()
# Four segments: the first two complete no vehicle, the third two, the last one more.
CARS = [
    BoxCar(x_m=2.0, speed_kmh=83.0, exits_at_s=4.7, colour=(40, 60, 200)),
    BoxCar(x_m=-2.0, speed_kmh=48.0, exits_at_s=5.6),
    BoxCar(x_m=-2.0, speed_kmh=71.0, exits_at_s=7.4),
]
PUBLISHED = (PassageObserved, ViolationDetected, TrafficCounted)


@dataclass
class Street:
    """One recorded stream, what an undisturbed observer published of it, and what it stood on."""

    video: Path
    events: list[SegmentStored]
    published: list[Event]
    ingest_store: MinioObjects
    store: MinioObjects
    producer: Producer
    tap: BusTap
    executor: ThreadPoolExecutor

    def noted(self) -> Noted:
        return Noted(self.producer)

    def observer(self, publisher: Any, store: Any = None, **limits: int) -> Observing:
        return observing(store or self.store, publisher, self.executor, **limits)

    def successors(self, publisher: Any, store: Any = None) -> Iterator[Observing]:
        """A new process for every message."""
        while True:
            yield self.observer(publisher, store)

    async def forget(self) -> None:
        """The stream's checkpoints go: it can be watched as if for the first time."""
        await self.store.delete(BUCKET, stream_key(STREAM))
        await self.store.delete(BUCKET, camera_key(CAMERA))

    async def another(self, **changes: Any) -> list[SegmentStored]:
        """The same video as a stream of its own, on a camera of its own if none is named."""
        values = {"camera_id": f"watched-{uuid4().hex[:8]}", "stream_id": uuid4(), **changes}
        return await recorded(self.ingest_store, self.video, **values)

    def heard(self, camera_id: str) -> list[Event]:
        """What the bus holds about a camera, each event once."""
        return [e for kind in PUBLISHED for e in self.tap.events(kind) if e.camera_id == camera_id]


@pytest.fixture(scope="module")
async def street(
    engines: EngineSet, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Street]:
    cv2.setNumThreads(1)
    video = render(tmp_path_factory.mktemp("street") / "street.mp4", CARS, 8.0)
    bootstrap = engines.addresses()["kafka_bootstrap"]
    await create_topics(bootstrap)
    ingest_store, store = store_of(engines, "ingest"), store_of(engines, "detect")
    events = await recorded(ingest_store, video, camera_id=CAMERA, stream_id=STREAM)
    producer = Producer(observer_settings(engines))
    await producer.start()
    executor = ThreadPoolExecutor(1)
    async with BusTap(bootstrap, tuple(kind.topic for kind in PUBLISHED)) as tap:
        made = Street(video, events, [], ingest_store, store, producer, tap, executor)
        noted = made.noted()
        assert await watch(repeat(made.observer(noted)), events) == len(events)
        made.published = noted.published
        await made.forget()
        yield made
    await producer.stop()
    executor.shutdown()


class LosesFirstView:
    """A store that is away when the first view is put into it."""

    def __init__(self, store: MinioObjects) -> None:
        self._store = store
        self._lost = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def put_mutable(self, bucket: str, key: str, data: bytes) -> None:
        if key.startswith("views/") and not self._lost:
            self._lost = True
            raise StoreUnavailable("away")
        await self._store.put_mutable(bucket, key, data)


def once(published: list[Event]) -> dict[UUID, Event]:
    """By event id. What is published twice must be the same both times."""
    found: dict[UUID, Event] = {}
    for event in published:
        assert found.setdefault(event.event_id(), event) == event
    return found


def shape(published: list[PassageObserved]) -> list[Any]:
    """What does not depend on the stream's name and time."""
    return [(p.lane, p.speed, p.ended_by, [s.crop.sha256 for s in p.shots]) for p in published]


async def test_a_whole_picture_of_the_camera_is_kept_and_nothing_rests_on_it(
    street: Street,
) -> None:
    events = await street.another()
    views, noted = Views(street.store), street.noted()
    assert await views.of_camera(events[0].camera_id) is None
    away = LosesFirstView(street.store)
    assert await watch(repeat(street.observer(noted, away)), events) == len(events)
    kept = await views.of_camera(events[0].camera_id)
    assert kept is not None
    assert (kept.county, kept.revision) == ("garmsar", events[0].revision)
    assert kept.captured_at == events[1].captured_at, "the next one, where the first was not kept"
    with Image.open(io.BytesIO(kept.jpeg)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (kept.width_px, kept.height_px))
    stream_id = events[0].stream_id
    assert shape(passages(noted.published, stream_id)) == shape(passages(street.published, STREAM))


async def test_segments_become_events_on_the_bus_with_their_crops_in_the_store(
    street: Street,
) -> None:
    await eventually(lambda: len(street.heard(CAMERA)) >= len(once(street.published)))
    assert once(street.heard(CAMERA)) == once(street.published)
    assert len(once(street.published)) == len(street.published)
    seen = passages(street.published, STREAM)
    expected = sorted(CARS, key=lambda car: car.exits_at_s)
    assert [p.lane for p in seen] == ["1" if car.x_m < 0 else "2" for car in expected]
    for each in seen:
        assert each.county == "garmsar"
        assert each.ended_by == PassageEnd.EXIT_LINE
        assert 2 <= len(each.shots) <= 3
        for shot in each.shots:
            assert shot.crop.bucket == "shots"
            body = await street.store.get(shot.crop)  # raises unless it is what was published
            with Image.open(io.BytesIO(body)) as picture:
                size = (shot.crop_box.width_px, shot.crop_box.height_px)
                assert (picture.format, picture.size) == ("JPEG", size)
    fast = [v for v in street.published if isinstance(v, ViolationDetected)]
    quantities = [v.measurement for v in fast if isinstance(v.measurement, MeasuredQuantity)]
    assert [each.limit for each in quantities] == [60.0, 60.0]
    assert len(quantities) == len(fast)
    assert {v.passage_id for v in fast} < {p.passage_id for p in seen}
    for violation in fast:
        passage = next(p for p in seen if p.passage_id == violation.passage_id)
        assert violation.shots == passage.shots
        assert violation.revision == street.events[0].revision
        by_sequence = {event.sequence: event for event in street.events}
        for link in violation.segments:
            event = by_sequence[link.sequence]
            assert (link.media, link.link_sha256) == (event.media, event.link_sha256)
    counts = [c for e in street.published if isinstance(e, TrafficCounted) for c in e.counts]
    assert sum(count.vehicles for count in counts) == len(CARS)


async def test_a_store_that_fails_at_every_call_loses_and_repeats_nothing(street: Street) -> None:
    await street.forget()
    calls = frozenset({"get", "get_latest", "put", "put_mutable"})
    failing = FailsEachFirst(street.store, StoreUnavailable("away"), calls)
    noted = street.noted()
    await watch(repeat(street.observer(noted, failing)), street.events)
    assert noted.published == street.published
    crops = sum(len(p.shots) for p in passages(street.published, STREAM))
    assert failing.failed >= len(street.events) + crops
    assert await last_saved(street.store, STREAM) == len(street.events) - 1


async def test_a_bus_that_loses_acknowledgements_gets_the_same_events_again(
    street: Street,
) -> None:
    await street.forget()
    noted = street.noted()
    failing = FailsEachFirst(noted, BusUnavailable("away"), frozenset({"publish"}))
    await watch(repeat(street.observer(failing)), street.events)
    assert list(once(noted.published).values()) == street.published
    assert len(noted.published) > len(street.published), "acknowledgements were lost"


async def test_a_new_process_for_every_segment_publishes_the_same(street: Street) -> None:
    await street.forget()
    noted = street.noted()
    committed = await watch(street.successors(noted), street.events)
    assert noted.published == street.published
    assert committed == len(street.events)


@pytest.mark.parametrize("dies_at", ["publish", "put_mutable"])
async def test_a_process_that_dies_while_it_publishes_or_saves_is_followed_without_loss(
    street: Street, dies_at: str
) -> None:
    await street.forget()
    noted, calls = street.noted(), frozenset({dies_at})
    for number in range(len(street.events)):
        # The next process begins after the last commit, which is the last checkpoint.
        saved = await last_saved(street.store, STREAM)
        again = street.events[0 if saved is None else saved + 1 : number + 1]
        dying = street.observer(
            FailsEachFirst(noted, RuntimeError("killed"), calls),
            FailsEachFirst(street.store, RuntimeError("killed"), calls),
        )
        try:
            for each in again:
                await deliver(dying, each)
        except RuntimeError:
            await watch(repeat(street.observer(noted)), again)
    assert list(once(noted.published).values()) == street.published


async def test_two_interleaved_streams_of_a_camera_keep_both_checkpoints(street: Street) -> None:
    """A former holder's late segments arrive between the next one's. What it saw before the next
    one began counts; where both saw the same time, the higher fencing token does."""
    camera_id, old, new = f"watched-{uuid4().hex[:8]}", uuid4(), uuid4()
    began = STARTED_AT + timedelta(seconds=6)
    former = await street.another(camera_id=camera_id, stream_id=old)
    latter = await street.another(
        camera_id=camera_id, stream_id=new, started_at=began, fencing_token=2
    )
    interleaved = [
        *former[:2],
        *(latter[0], former[2], latter[1], former[3]),
        *latter[2:],
    ]
    noted = street.noted()
    committed = await watch(street.successors(noted), interleaved)
    assert committed == len(interleaved)
    assert len(once(noted.published)) == len(noted.published)
    undisturbed = passages(street.published, STREAM)
    counting = [p for p in undisturbed if p.captured_at < began]
    assert 0 < len(counting) < len(CARS)
    assert shape(passages(noted.published, old)) == shape(counting)
    assert shape(passages(noted.published, new)) == shape(undisturbed)
    assert await last_saved(street.store, old) == len(former) - 1
    assert await last_saved(street.store, new) == len(latter) - 1


async def test_a_revision_in_the_middle_of_the_zone_makes_no_second_passage(
    street: Street, tmp_path: Path
) -> None:
    cars = [
        BoxCar(x_m=-2.0, speed_kmh=78.0, exits_at_s=6.55),  # half way at the fourth segment
        BoxCar(x_m=2.0, speed_kmh=71.0, exits_at_s=8.6),
    ]
    video = render(tmp_path / "revised.mp4", cars, 9.5)
    camera_id, stream_id = f"watched-{uuid4().hex[:8]}", uuid4()
    before, after = [
        await recorded(
            street.ingest_store,
            video,
            camera_id=camera_id,
            stream_id=stream_id,
            revision_number=number,
        )
        for number in (1, 2)
    ]
    revised = [*before[:3], *after[3:]]
    noted, handed_over = street.noted(), street.noted()
    await watch(repeat(street.observer(noted)), revised)
    published = [
        (type(each), each.lane, each.revision.revision)
        for each in noted.published
        if isinstance(each, PassageObserved | ViolationDetected)
    ]
    assert published == [
        (PassageObserved, "1", 1),
        (ViolationDetected, "1", 1),
        (PassageObserved, "2", 2),
        (ViolationDetected, "2", 2),
    ]
    for name in (stream_key(stream_id), camera_key(camera_id)):
        await street.store.delete(BUCKET, name)
    await watch(street.successors(handed_over), revised)
    assert handed_over.published == noted.published


async def test_a_checkpoint_that_cannot_be_read_is_no_checkpoint(street: Street) -> None:
    await street.forget()
    for name in (stream_key(STREAM), camera_key(CAMERA)):
        await street.store.put_mutable(BUCKET, name, b"[]")
    noted = street.noted()
    await watch(repeat(street.observer(noted)), street.events)
    assert noted.published == street.published


async def test_more_cameras_than_fit_into_memory_lose_nothing(street: Street) -> None:
    """They begin one after another and come side by side: of each a message is in hand while
    another camera's begins or ends."""
    cameras = [await street.another() for _ in range(3)]
    noted = street.noted()
    observer = street.observer(noted, streams_in_memory=1)
    for turn in range(len(street.events) + len(cameras) - 1):
        begun = [(events, turn - late) for late, events in enumerate(cameras)]
        several = [events[number] for events, number in begun if 0 <= number < len(events)]
        await asyncio.gather(*(deliver(observer, each) for each in several))
        saved = [await last_saved(street.store, each.stream_id) for each in several]
        unsaved = [each for each, last in zip(several, saved, strict=True) if last != each.sequence]
        assert len(unsaved) <= 1, "memory holds more than allowed"
    assert len(once(noted.published)) == len(noted.published)
    expected = shape(passages(street.published, STREAM))
    violations = sum(isinstance(each, ViolationDetected) for each in street.published)
    for events in cameras:
        assert shape(passages(noted.published, events[0].stream_id)) == expected
        assert await last_saved(street.store, events[0].stream_id) == len(events) - 1
    assert sum(isinstance(e, ViolationDetected) for e in noted.published) == 3 * violations


async def test_a_segment_that_does_not_decode_is_a_fault_that_saves_what_went_before(
    street: Street,
) -> None:
    camera_id, stream_id = f"watched-{uuid4().hex[:8]}", uuid4()
    events = await street.another(camera_id=camera_id, stream_id=stream_id)
    garbage = await street.ingest_store.put(
        "segments", f"{camera_id}/garbage.m4s", b"\0\1nonsense" * 99, media_type="video/mp4"
    )
    noted = street.noted()
    observer = street.observer(noted)
    assert [await deliver(observer, each) for each in events[:2]] == [Disposition.HELD] * 2
    assert await last_saved(street.store, stream_id) is None
    with pytest.raises(MessageFault) as fault:
        await deliver(observer, events[2].model_copy(update={"media": garbage}))
    assert not fault.value.retry
    assert await last_saved(street.store, stream_id) == 1
    successor = street.observer(noted)
    for each in events[3:]:
        await deliver(successor, each)
    seen = passages(noted.published, stream_id)
    assert len({p.passage_id for p in seen}) == len(seen)
    # The gap ends vehicles under way; those that came after it are measured as ever.
    assert shape(seen)[-1] == shape(passages(street.published, STREAM))[-1]
    assert await last_saved(street.store, stream_id) == len(events) - 1


async def test_the_process_sits_out_an_outage_and_hands_over_without_loss(
    street: Street, engines: EngineSet
) -> None:
    """The whole observer on the bus: the store goes away half-way, a message is bad, and another
    process takes over."""
    stream_id = uuid4()
    events = await street.another(stream_id=stream_id)
    camera_id = events[0].camera_id
    broken = await street.another()
    missing = broken[0].init.model_copy(update={"sha256": "0" * 64})
    host, port = engines.addresses()["s3_endpoint"].split(":")
    async with TcpProxy(host, int(port)) as proxy:
        settings = observer_settings(engines, s3_endpoint=proxy.address)
        async with served(create_observer(settings)) as url:
            await street.producer.publish(events[0])
            await eventually(lambda: ready(url))
            await proxy.cut()
            for event in events[1:3]:
                await street.producer.publish(event)
            await eventually(lambda: unready(url, "paused: store is away"))
            await proxy.resume()
            await street.producer.publish(broken[0].model_copy(update={"init": missing}))
            await eventually(lambda: len(passages(street.heard(camera_id), stream_id)) == 2)
        async with served(create_observer(settings)):
            await street.producer.publish(events[3])
            await eventually(
                lambda: any(isinstance(e, TrafficCounted) for e in street.heard(camera_id))
            )
    seen = passages(street.heard(camera_id), stream_id)
    seen.sort(key=lambda passage: passage.captured_at)
    assert shape(seen) == shape(passages(street.published, STREAM))
    assert len(street.heard(camera_id)) == len(street.published)
    letters = [
        dict(letter.headers)["payesh-reason"].decode()
        async for letter in dead_letters(settings, SegmentStored.topic, quiet_ms=500)
        if letter.key == broken[0].key().encode()
    ]
    assert len(letters) == 1
    assert "does not match its hash" in letters[0]


async def ready(url: str) -> bool:
    async with httpx.AsyncClient(base_url=url, timeout=20) as http:
        return (await http.get("/readyz")).status_code == 200


async def unready(url: str, state: str) -> bool:
    async with httpx.AsyncClient(base_url=url, timeout=20) as http:
        answer = await http.get("/readyz")
    return answer.status_code == 503 and state in answer.json()["dependencies"].values()
