"""What the house stands on goes away while vehicles pass; then the bus says everything again.

One film: the broker is stopped and started on its storage, the object store and the database are
killed and each stays away for 30 s.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from payesh.contracts import (
    CitationDrafted,
    CitationRejected,
    GapRecorded,
    PassageObserved,
    PlateRead,
    SegmentStored,
    ViolationDetected,
)
from payesh.contracts.event import Event
from payesh.contracts.topics import topics
from payesh.kit.bus.envelope import envelope
from payesh.local.engines.process import Engine
from payesh.local.verdict import figures
from tests.support.evidence_checks import (
    check_bundle,
    check_chains,
    check_objects,
    check_one_of_each,
    streams,
)
from tests.support.running_house import OBSERVERS, House, Shown, eventually

CAMERA = "e2e-outages"
AWAY_S = 30.0
_REPEATED = (SegmentStored, PassageObserved, ViolationDetected, PlateRead)
_CONSUMERS = {
    SegmentStored: [OBSERVERS],
    PassageObserved: [("plates",), ("detect",)],
    ViolationDetected: [("tickets",)],
    PlateRead: [("tickets",)],
}
"""Of each group that takes what is repeated, the processes that share it."""


@pytest.fixture(scope="module")
async def shown(house: House) -> AsyncIterator[Shown]:
    """The film, with its outages over and everything settled."""
    engines = house.stack.engines
    shown = await house.show(CAMERA)
    await shown.until(3)
    await engines.bus.stop()
    await asyncio.sleep(8)
    await engines.bus.start()
    # The two overlap: from 8 s on the database is away as well.
    async with asyncio.TaskGroup() as outages:
        outages.create_task(away(engines.objects))
        await asyncio.sleep(8)
        outages.create_task(away(engines.database))
    await shown.until(shown.truth.duration_s)
    await house.stack.wait_ready()
    await house.end(shown)
    yield shown


async def away(engine: Engine) -> None:
    engine.kill()
    await asyncio.sleep(AWAY_S)
    await engine.start()


async def test_outages_lose_no_frame(house: House, shown: Shown) -> None:
    segments = house.of(SegmentStored, CAMERA)
    check_chains(segments)
    assert len(streams(segments)) == 1
    assert sum(segment.frame_count for segment in segments) == shown.truth.frames
    assert [gap for gap in house.of(GapRecorded, CAMERA) if gap.last_stream_id] == []
    await asyncio.to_thread(check_objects, segments, house.store)


async def test_outages_change_nothing_that_an_officer_gets(house: House, shown: Shown) -> None:
    check_one_of_each(house.tap)
    found = figures(
        shown.vehicles(shown.truth.duration_s), shown.truth.speed_limit_kmh, house.outcome(CAMERA)
    )
    assert found.passages_of_vehicles == found.vehicles_in_truth
    violations, drafts = house.of(ViolationDetected, CAMERA), house.of(CitationDrafted, CAMERA)
    assert len(violations) == found.violations_by_lower_bound > 5
    # Nothing went missing: a plate that nobody could read is the only thing between the two.
    rejected = [each.reason for each in house.of(CitationRejected, CAMERA)]
    assert rejected == ["unreadable"] * (len(violations) - len(drafts))
    assert len(drafts) > 5
    assert {str(draft.citation_id) for draft in drafts} <= await house.queue()

    def verify() -> None:
        for draft in drafts:
            check_bundle(draft, house.store)

    await asyncio.to_thread(verify)


async def test_what_is_said_again_in_any_order_has_no_effect(house: House, shown: Shown) -> None:
    records = await recorded(house)
    random.Random(7).shuffle(records)  # noqa: S311 - an order, no secret
    said = {topic: set(heard) for topic, heard in house.tap.heard.items()}
    offered, repetitions = await house.queue(), house.tap.duplicates
    groups = [(kind, group) for kind in _REPEATED for group in _CONSUMERS[kind]]
    before = [await handled(house, kind, group) for kind, group in groups]
    await send(house, [(r.topic, r.key, r.value, list(r.headers)) for r in records])
    wanted = Counter(record.topic for record in records)

    async def all_handled() -> bool:
        after = [await handled(house, kind, group) for kind, group in groups]
        expected = [wanted[kind.topic] for kind, _ in groups]
        return all(a - b >= n for a, b, n in zip(after, before, expected, strict=True))

    await eventually(all_handled, f"{len(records)} messages handled again", 120)
    # What they would say comes through an outbox: give it time to be wrong.
    await asyncio.sleep(3)
    assert {topic: set(heard) for topic, heard in house.tap.heard.items()} == said
    assert house.tap.duplicates - repetitions == len(records), "somebody said something again"
    assert await house.queue() == offered
    check_one_of_each(house.tap)


@pytest.mark.parametrize("first", [PlateRead, ViolationDetected])
async def test_a_violation_and_its_read_meet_in_either_order(
    house: House, shown: Shown, first: type[Event]
) -> None:
    drafted = house.of(CitationDrafted, CAMERA)[0]
    changes: dict[str, Any] = {"passage_id": uuid4()}
    violation = next(
        each
        for each in house.of(ViolationDetected, CAMERA)
        if each.violation_id == drafted.violation_id
    ).model_copy(update={**changes, "violation_id": uuid4()})
    read = next(
        each for each in house.of(PlateRead, CAMERA) if each.passage_id == drafted.passage_id
    ).model_copy(update={**changes, "read_id": uuid4()})
    pair = [read, violation] if first is PlateRead else [violation, read]
    before = await house.handled("tickets", first)
    await send(house, [raw(pair[0])])

    async def taken() -> bool:
        return await house.handled("tickets", first) > before

    await eventually(taken, "the first of both handled")
    decided = [*house.tap.events(CitationDrafted), *house.tap.events(CitationRejected)]
    assert violation.violation_id not in {each.violation_id for each in decided}
    await send(house, [raw(pair[1]), raw(pair[0]), raw(pair[1])])

    def drafts() -> list[CitationDrafted]:
        found = house.of(CitationDrafted, CAMERA)
        return [each for each in found if each.violation_id == violation.violation_id]

    await eventually(lambda: len(drafts()) == 1, "its citation")
    await asyncio.sleep(1)
    assert len(drafts()) == 1
    assert drafts()[0].plate == drafted.plate


async def handled(house: House, kind: type[Event], group: tuple[str, ...]) -> float:
    running = [name for name in group if house.stack.processes[name].is_running]
    return sum([await house.handled(name, kind) for name in running])


Raw = tuple[str, bytes | None, bytes | None, list[tuple[str, bytes]]]


def raw(event: Event) -> Raw:
    message = envelope(event)
    headers = [*message.headers, ("ce_source", b"/payesh/test")]
    return message.topic, message.key, message.value, headers


async def send(house: House, messages: list[Raw]) -> None:
    bootstrap = house.stack.engines.addresses()["kafka_bootstrap"]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for topic, key, value, headers in messages:
            await producer.send_and_wait(topic, value, key=key, headers=headers)


async def recorded(house: House) -> list[Any]:
    """The camera's records as they lie on the bus, one of each event."""
    bootstrap = house.stack.engines.addresses()["kafka_bootstrap"]
    names = {kind.topic: kind for kind in _REPEATED}
    found: dict[tuple[str, bytes], Any] = {}
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        partitions = [
            TopicPartition(topic.name, number)
            for topic in topics()
            if topic.name in names
            for number in range(topic.local_partitions)
        ]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        while fetched := await consumer.getmany(timeout_ms=2000):
            for record in [each for some in fetched.values() for each in some]:
                event_id = dict(record.headers).get("ce_id", b"")
                known = house.tap.heard[record.topic].get(event_id.decode())
                if known is not None and getattr(known.event, "camera_id", "") == CAMERA:
                    found[record.topic, event_id] = record
    return list(found.values())
