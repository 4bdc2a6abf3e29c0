"""What time brings never turns our own delay, or one citation's fault, against others."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, func, select

from payesh.contracts import PlateRead, ViolationDetected
from payesh.kit.bus import Consumer, Delivery
from payesh.tickets.adapters import retention_jobs, tables
from payesh.tickets.consumers import GROUP
from tests.integration.tickets.conftest import Office
from tests.support.partitions import partition_of
from tests.support.violation_builder import plate_read
from tests.support.waiting import eventually

_SEVERAL_ROUNDS_S = 7.0
_TOPICS = (ViolationDetected.topic, PlateRead.topic)


@asynccontextmanager
async def stuck_replica(office: Office) -> AsyncIterator[Consumer]:
    """A second replica that takes partitions over and gets nothing done in them."""
    for_ever = asyncio.Event()

    async def handle(_: Delivery[Any]) -> None:
        await for_ever.wait()

    replica = Consumer(
        office.settings,
        group=GROUP,
        handlers={ViolationDetected: handle, PlateRead: handle},
        producer=office.producer,
        finish_s=0.5,
    )
    await replica.start()
    try:
        await eventually(lambda: {each.topic for each in replica.partitions} == set(_TOPICS))
        yield replica
    finally:
        await replica.stop()


def violations_of_every_partition(office: Office, topic: str) -> list[ViolationDetected]:
    found: dict[int, ViolationDetected] = {}
    for _ in range(200):
        seen = office.violation()
        found.setdefault(partition_of(topic, str(seen.passage_id)), seen)
    return list(found.values())


def held_by(
    replica: Consumer, topic: str, seen: Sequence[ViolationDetected]
) -> list[ViolationDetected]:
    theirs = {each.partition for each in replica.partitions if each.topic == topic}
    return [each for each in seen if partition_of(topic, str(each.passage_id)) in theirs]


async def test_no_violation_is_rejected_while_its_read_lies_unread_with_another_replica(
    office: Office,
) -> None:
    seen = violations_of_every_partition(office, PlateRead.topic)
    waiting = tables.waiting_violations
    await office.publish(*seen)
    await eventually(lambda: is_there(office, waiting, seen))
    async with stuck_replica(office) as replica:
        late = held_by(replica, PlateRead.topic, seen)
        assert late
        await office.publish(*(plate_read(each) for each in seen))
        await set_now(office, waiting, waiting.c.deadline_at, late)
        await asyncio.sleep(_SEVERAL_ROUNDS_S)
    for each in seen:
        assert (await office.outcome(each))["state"] == "drafted"


async def test_no_read_is_forgotten_while_its_violation_lies_unread_with_another_replica(
    office: Office,
) -> None:
    seen = violations_of_every_partition(office, ViolationDetected.topic)
    waiting = tables.waiting_reads
    await office.publish(*(plate_read(each) for each in seen))
    await eventually(lambda: is_there(office, waiting, seen))
    async with stuck_replica(office) as replica:
        late = held_by(replica, ViolationDetected.topic, seen)
        assert late
        await office.publish(*seen)
        await set_now(office, waiting, waiting.c.expires_at, late)
        await asyncio.sleep(_SEVERAL_ROUNDS_S)
    for each in seen:
        assert (await office.outcome(each))["state"] == "drafted"


async def is_there(office: Office, waiting: Table, seen: Sequence[ViolationDetected]) -> bool:
    async with office.database.transaction() as session:
        found = await session.scalar(
            select(func.count()).select_from(waiting).where(_of(waiting, seen))
        )
    return found == len(seen)


async def set_now(
    office: Office, waiting: Table, column: Column[Any], seen: Sequence[ViolationDetected]
) -> None:
    async with office.database.transaction() as session:
        await session.execute(
            waiting.update().where(_of(waiting, seen)).values({column: func.now()})
        )


def _of(waiting: Table, seen: Sequence[ViolationDetected]) -> ColumnElement[bool]:
    return waiting.c.passage_id.in_([each.passage_id for each in seen])


async def test_a_read_that_no_violation_asks_for_is_forgotten(office: Office) -> None:
    unused = plate_read(office.violation())
    await office.publish(unused)
    of_passage = tables.waiting_reads.c.passage_id == unused.passage_id

    async def expires_in() -> timedelta | None:
        async with office.database.transaction() as session:
            return await session.scalar(
                select(tables.waiting_reads.c.expires_at - func.now()).where(of_passage)
            )

    async def is_kept() -> bool:
        kept = await expires_in()
        return kept is not None and kept > timedelta(hours=4)

    await eventually(is_kept)
    async with office.database.transaction() as session:
        await session.execute(
            tables.waiting_reads.update().where(of_passage).values(expires_at=func.now())
        )

    async def is_forgotten() -> bool:
        return await expires_in() is None

    await eventually(is_forgotten)


async def test_a_lock_that_the_store_refuses_to_change_keeps_no_other_waiting(
    office: Office,
) -> None:
    refused, other = await office.draft(), await office.draft()
    now = datetime.now(UTC)
    async with office.database.transaction() as session:
        # A draft is locked for a day, and no compliance lock is ever shortened.
        await retention_jobs.add(session, refused, now + timedelta(hours=1))
        await retention_jobs.add(session, other, now + timedelta(days=2))
    left = tables.retention_jobs.c.citation_id

    async def jobs_left() -> set[UUID]:
        async with office.database.transaction() as session:
            found = await session.scalars(select(left).where(left.in_([refused, other])))
            return set(found)

    async def other_is_done() -> bool:
        return await jobs_left() == {refused}

    await eventually(other_is_done)
    async with office.database.transaction() as session:
        await retention_jobs.finish(session, refused)
