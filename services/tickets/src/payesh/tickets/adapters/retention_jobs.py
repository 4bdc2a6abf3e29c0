"""Locks on evidence that are still to be extended because a citation was issued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.tables import retention_jobs


@dataclass(frozen=True, slots=True)
class RetentionJob:
    """One row: all evidence of the citation is to be locked until then."""

    citation_id: UUID
    retain_until: datetime


async def due_until(session: AsyncSession, citation_id: UUID) -> datetime | None:
    """Until when a citation's evidence is still to be locked; None where nothing is to be done."""
    until: datetime | None = await session.scalar(
        select(retention_jobs.c.retain_until).where(retention_jobs.c.citation_id == citation_id)
    )
    return until


async def add(session: AsyncSession, citation_id: UUID, retain_until: datetime) -> None:
    await session.execute(
        insert(retention_jobs)
        .values(citation_id=citation_id, retain_until=retain_until)
        .on_conflict_do_nothing()
    )


async def take(
    session: AsyncSession, *, lease: timedelta, limit: int = 20
) -> Sequence[RetentionJob]:
    """Due jobs; they are due again after `lease` unless finished."""
    due = (
        select(retention_jobs.c.citation_id)
        .where(retention_jobs.c.next_attempt_at <= func.now())
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = await session.execute(
        update(retention_jobs)
        .where(retention_jobs.c.citation_id.in_(due))
        .values(next_attempt_at=func.now() + lease)
        .returning(retention_jobs.c.citation_id, retention_jobs.c.retain_until)
    )
    return [RetentionJob(row.citation_id, row.retain_until) for row in rows]


async def finish(session: AsyncSession, citation_id: UUID) -> None:
    await session.execute(delete(retention_jobs).where(retention_jobs.c.citation_id == citation_id))
