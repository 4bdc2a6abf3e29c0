"""Engines stop while vehicles pass; then every message is delivered again.

One film: the broker is stopped and started on its storage, the object store and the database are
killed, each for 30 s.
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
from tests.support.running_stack import OBSERVERS, RunningStack, ShownCamera, eventually

CAMERA = "e2e-outages"
AWAY_S = 30.0
_REPEATED: tuple[type[Event], ...] = (SegmentStored, PassageObserved, ViolationDetected, PlateRead)
_CONSUMERS: dict[type[Event], list[tuple[str, ...]]] = {
    SegmentStored: [OBSERVERS],
    PassageObserved: [("plates",), ("detect",)],
    ViolationDetected: [("tickets",)],
    PlateRead: [("tickets",)],
}
"""Of each group that consumes a repeated topic, the processes that share it."""


@pytest.fixture(scope="module")
async def shown(running: RunningStack) -> AsyncIterator[ShownCamera]:
    """The film, with its outages over and everything settled."""
    await running.end_all()
    engines = running.stack.engines
    shown = await running.show(CAMERA)
    await shown.until(3)
    await engines.bus.stop()
    await asyncio.sleep(8)
    await engines.bus.start()
    # The outages overlap: 8 s later the database is away too.
    async with asyncio.TaskGroup() as outages:
        outages.create_task(away(engines.objects))
        await asyncio.sleep(8)
        outages.create_task(away(engines.database))
    await shown.until(shown.truth.duration_s)
    await running.stack.wait_ready()
    await running.end(shown)
    yield shown


async def away(engine: Engine) -> None:
    engine.kill()
    await asyncio.sleep(AWAY_S)
    await engine.start()


async def test_outages_lose_no_frame(running: RunningStack, shown: ShownCamera) -> None:
    segments = running.of(SegmentStored, CAMERA)
    check_chains(segments)
    assert len(streams(segments)) == 1
    assert sum(segment.frame_count for segment in segments) == shown.truth.frames
    assert [gap for gap in running.of(GapRecorded, CAMERA) if gap.last_stream_id] == []
    await asyncio.to_thread(check_objects, segments, running.store)


async def test_outages_change_no_draft(running: RunningStack, shown: ShownCamera) -> None:
    check_one_of_each(running.tap)
    found = figures(
        shown.vehicles(shown.truth.duration_s), shown.truth.speed_limit_kmh, running.outcome(CAMERA)
    )
    assert found.passages_of_vehicles == found.vehicles_in_truth
    violations, drafts = running.of(ViolationDetected, CAMERA), running.of(CitationDrafted, CAMERA)
    assert len(violations) == found.violations_by_lower_bound > 5
    # Nothing was lost: unreadable plates are the only difference between the two.
    rejected = [each.reason for each in running.of(CitationRejected, CAMERA)]
    assert rejected == ["unreadable"] * (len(violations) - len(drafts))
    assert len(drafts) > 5
    assert {str(draft.citation_id) for draft in drafts} <= await running.queue()

    def verify() -> None:
        for draft in drafts:
            check_bundle(draft, running.store)

    await asyncio.to_thread(verify)


async def test_messages_delivered_again_in_any_order_have_no_effect(
    running: RunningStack, shown: ShownCamera
) -> None:
    records = await recorded(running)
    random.Random(7).shuffle(records)  # noqa: S311 - an order, no secret
    published = {topic: set(events) for topic, events in running.tap.received.items()}
    offered, repetitions = await running.queue(), running.tap.duplicates
    groups = [(kind, group) for kind in _REPEATED for group in _CONSUMERS[kind]]
    before = [await handled(running, kind, group) for kind, group in groups]
    await send(running, [(r.topic, r.key, r.value, list(r.headers)) for r in records])
    wanted = Counter(record.topic for record in records)

    async def all_handled() -> bool:
        after = [await handled(running, kind, group) for kind, group in groups]
        expected = [wanted[kind.topic] for kind, _ in groups]
        return all(a - b >= n for a, b, n in zip(after, before, expected, strict=True))

    await eventually(all_handled, f"{len(records)} messages handled again")
    # A wrong event would come through an outbox: wait for it.
    await asyncio.sleep(3)
    assert {topic: set(events) for topic, events in running.tap.received.items()} == published
    assert running.tap.duplicates - repetitions == len(records), "an event was published again"
    assert await running.queue() == offered
    check_one_of_each(running.tap)


@pytest.mark.parametrize(("first", "further"), [(PlateRead, 1), (ViolationDetected, 2)])
async def test_a_violation_and_its_read_meet_in_either_order(
    running: RunningStack, shown: ShownCamera, first: type[Event], further: int
) -> None:
    drafted = running.of(CitationDrafted, CAMERA)[0]
    # Of another vehicle: the same one at the same moment would be the same offence.
    text = drafted.plate.text
    number = (int(text[-3]) + further - 1) % 9 + 1
    plate = drafted.plate.model_copy(update={"text": f"{text[:-3]}{number}{text[-2:]}"})
    changes: dict[str, Any] = {"passage_id": uuid4()}
    violation = next(
        each
        for each in running.of(ViolationDetected, CAMERA)
        if each.violation_id == drafted.violation_id
    ).model_copy(update={**changes, "violation_id": uuid4()})
    read = next(
        each for each in running.of(PlateRead, CAMERA) if each.passage_id == drafted.passage_id
    ).model_copy(update={**changes, "read_id": uuid4(), "plate": plate})
    pair = [read, violation] if first is PlateRead else [violation, read]
    before = await running.handled("tickets", first)
    await send(running, [raw(pair[0])])

    async def taken() -> bool:
        return await running.handled("tickets", first) > before

    await eventually(taken, "the first of both handled")
    decided: list[CitationDrafted | CitationRejected] = [
        *running.tap.events(CitationDrafted),
        *running.tap.events(CitationRejected),
    ]
    assert violation.violation_id not in {each.violation_id for each in decided}
    await send(running, [raw(pair[1]), raw(pair[0]), raw(pair[1])])

    def drafts() -> list[CitationDrafted]:
        found = running.of(CitationDrafted, CAMERA)
        return [each for each in found if each.violation_id == violation.violation_id]

    await eventually(lambda: len(drafts()) == 1, "its citation")
    await asyncio.sleep(1)
    assert len(drafts()) == 1
    assert drafts()[0].plate == plate


async def handled(running: RunningStack, kind: type[Event], group: tuple[str, ...]) -> float:
    started = [name for name in group if running.stack.processes[name].is_running]
    return sum([await running.handled(name, kind) for name in started])


Raw = tuple[str, bytes | None, bytes | None, list[tuple[str, bytes]]]


def raw(event: Event) -> Raw:
    message = envelope(event)
    headers = [*message.headers, ("ce_source", b"/payesh/test")]
    return message.topic, message.key, message.value, headers


async def send(running: RunningStack, messages: list[Raw]) -> None:
    bootstrap = running.stack.engines.addresses()["kafka_bootstrap"]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for topic, key, value, headers in messages:
            await producer.send_and_wait(topic, value, key=key, headers=headers)


async def recorded(running: RunningStack) -> list[Any]:
    """The camera's records on the bus, one of each event."""
    bootstrap = running.stack.engines.addresses()["kafka_bootstrap"]
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
                known = running.tap.received[record.topic].get(event_id.decode())
                if known is not None and getattr(known.event, "camera_id", "") == CAMERA:
                    found[record.topic, event_id] = record
    return list(found.values())
