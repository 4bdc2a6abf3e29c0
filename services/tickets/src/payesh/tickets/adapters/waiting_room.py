"""Where a violation waits for its read and a read for a violation."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import PlateRead, ViolationDetected
from payesh.tickets.adapters.tables import waiting_reads, waiting_violations

_LOCK = text("""
    SELECT pg_advisory_xact_lock(key)
    FROM (SELECT key FROM unnest(CAST(:keys AS bigint[])) AS each (key) ORDER BY key) AS ordered
""")


async def lock_passages(session: AsyncSession, passage_ids: Iterable[UUID]) -> None:
    """Hold passages until the transaction ends, locked in one order in every transaction.

    A violation and its read come on different topics: handled at the same moment, each would
    find the other not yet committed, and both would wait for ever.
    """
    keys = {int.from_bytes(each.bytes[:8], "big", signed=True) for each in passage_ids}
    await session.execute(_LOCK, {"keys": sorted(keys)})


async def add_violation(
    session: AsyncSession, violation: ViolationDetected, passage_id: UUID, waits: timedelta
) -> None:
    """It waits for the read of a passage: its own, or the one where its stretch begins."""
    await session.execute(
        insert(waiting_violations)
        .values(
            violation_id=violation.violation_id,
            passage_id=passage_id,
            event=violation.to_json().decode(),
            deadline_at=func.now() + waits,
        )
        .on_conflict_do_nothing()
    )


async def add_read(session: AsyncSession, read: PlateRead, waits: timedelta) -> None:
    await session.execute(
        insert(waiting_reads)
        .values(
            passage_id=read.passage_id,
            event=read.to_json().decode(),
            expires_at=func.now() + waits,
        )
        .on_conflict_do_nothing()
    )


async def read_of(session: AsyncSession, passage_id: UUID) -> PlateRead | None:
    body = await session.scalar(
        select(waiting_reads.c.event).where(waiting_reads.c.passage_id == passage_id)
    )
    return None if body is None else PlateRead.from_json(body)


async def take_violations(session: AsyncSession, passage_id: UUID) -> Sequence[ViolationDetected]:
    """Remove and return what waits for this passage's read. The caller holds the passage."""
    taken = await session.scalars(
        delete(waiting_violations)
        .where(waiting_violations.c.passage_id == passage_id)
        .returning(waiting_violations.c.event)
    )
    return [ViolationDetected.from_json(body) for body in taken]


async def overdue_passages(
    session: AsyncSession, at: datetime, *, limit: int = 100
) -> Sequence[UUID]:
    """Passages with a violation whose deadline had passed `at`."""
    found = await session.scalars(
        select(waiting_violations.c.passage_id)
        .where(waiting_violations.c.deadline_at <= at)
        .distinct()
        .limit(limit)
    )
    return found.all()


async def take_overdue(
    session: AsyncSession, passage_id: UUID, at: datetime
) -> Sequence[ViolationDetected]:
    """Remove and return this passage's violations whose deadline had passed `at`. The caller
    holds the passage."""
    taken = await session.scalars(
        delete(waiting_violations)
        .where(
            waiting_violations.c.passage_id == passage_id,
            waiting_violations.c.deadline_at <= at,
        )
        .returning(waiting_violations.c.event)
    )
    return [ViolationDetected.from_json(body) for body in taken]


async def forget_expired_reads(session: AsyncSession, at: datetime) -> None:
    """A plate without a violation is not kept beyond its time, which had passed `at`."""
    await session.execute(delete(waiting_reads).where(waiting_reads.c.expires_at <= at))


async def clock(session: AsyncSession) -> datetime:
    """The database's time, which deadlines are written in."""
    return (await session.scalars(select(func.now()))).one()
