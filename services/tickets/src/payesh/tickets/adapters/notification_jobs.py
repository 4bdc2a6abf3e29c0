"""Owners who are still to be notified of an issued citation."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Integer, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.dues_tables import notification_jobs

ABSENT = "absent"
"""The fault of an installation that has no register, or no carrier."""
MOST_TRIES = 12
"""Afterwards a clerk notifies the owner otherwise; with doubling pauses it is some two days."""


async def add(session: AsyncSession, citation_id: UUID) -> None:
    await session.execute(
        insert(notification_jobs).values(citation_id=citation_id).on_conflict_do_nothing()
    )


async def take(session: AsyncSession, *, lease: timedelta, limit: int = 20) -> Sequence[UUID]:
    """Those that are due, no other replica's for the lease; the longest waiting first."""
    table = notification_jobs
    due = (
        select(table.c.citation_id)
        .where(table.c.next_attempt_at <= func.now(), table.c.attempts < MOST_TRIES)
        .order_by(table.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = await session.scalars(
        update(table)
        .where(table.c.citation_id.in_(due))
        .values(next_attempt_at=func.now() + lease)
        .returning(table.c.citation_id)
    )
    return list(taken)


async def note_fault(
    session: AsyncSession, citation_id: UUID, fault: str, *, for_good: bool = False
) -> None:
    """It is tried again after a minute, then after twice as long; not at all `for_good`."""
    table = notification_jobs
    minutes = cast(func.power(2, func.least(table.c.attempts, 10)), Integer)
    pause = func.make_interval(0, 0, 0, 0, 0, minutes)
    await session.execute(
        update(table)
        .where(table.c.citation_id == citation_id)
        .values(
            attempts=MOST_TRIES if for_good else table.c.attempts + 1,
            next_attempt_at=func.now() + pause,
            last_fault=fault[:64],
        )
    )


async def finish(session: AsyncSession, citation_id: UUID) -> None:
    table = notification_jobs
    await session.execute(delete(table).where(table.c.citation_id == citation_id))


async def last_fault(session: AsyncSession, citation_id: UUID) -> str | None:
    """Why the owner was not reached yet; None where nothing was tried, or nothing is to be."""
    table = notification_jobs
    fault: str | None = await session.scalar(
        select(table.c.last_fault).where(table.c.citation_id == citation_id)
    )
    return fault
