"""Bundles to be built: a row for each citation-to-be, taken by one worker at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import PlateRead, ViolationDetected
from payesh.contracts.tickets import LawReference
from payesh.tickets.adapters.tables import bundle_jobs
from payesh.tickets.evidence.joined_case import JoinedCase


@dataclass(frozen=True, slots=True)
class BundleJob:
    """One row. `attempts` counts the one that it was taken for."""

    case: JoinedCase
    traceparent: str | None
    joined_at: datetime
    attempts: int
    missing_attempts: int

    @property
    def citation_id(self) -> UUID:
        return self.case.citation_id


async def add(session: AsyncSession, case: JoinedCase, traceparent: str | None) -> None:
    await session.execute(
        insert(bundle_jobs)
        .values(
            citation_id=case.citation_id,
            violation_id=case.violation.violation_id,
            violation=case.violation.to_json().decode(),
            read=case.read.to_json().decode(),
            entry_read=case.entry_read.to_json().decode() if case.entry_read else None,
            law=case.law.model_dump(mode="json"),
            law_basis=case.law_basis,
            traceparent=traceparent,
        )
        .on_conflict_do_nothing()
    )


async def take(session: AsyncSession, *, lease: timedelta) -> BundleJob | None:
    """The job that is due longest. It is not due again before the lease ends, so that the job of
    a worker that died is taken over and that of a living one is not."""
    due = (
        select(bundle_jobs.c.citation_id)
        .where(bundle_jobs.c.next_attempt_at <= func.now())
        .order_by(bundle_jobs.c.next_attempt_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    result = await session.execute(
        update(bundle_jobs)
        .where(bundle_jobs.c.citation_id == due)
        .values(
            next_attempt_at=func.now() + lease,
            attempts=bundle_jobs.c.attempts + 1,
        )
        .returning(bundle_jobs)
    )
    row = result.one_or_none()
    if row is None:
        return None
    return BundleJob(
        case=JoinedCase(
            citation_id=row.citation_id,
            violation=ViolationDetected.from_json(row.violation),
            read=PlateRead.from_json(row.read),
            law=LawReference.model_validate(row.law),
            law_basis=row.law_basis,
            entry_read=PlateRead.from_json(row.entry_read) if row.entry_read else None,
        ),
        traceparent=row.traceparent,
        joined_at=row.joined_at,
        attempts=row.attempts,
        missing_attempts=row.missing_attempts,
    )


async def postpone(
    session: AsyncSession, citation_id: UUID, *, wait: timedelta, fault: str, was_missing: bool
) -> None:
    await session.execute(
        update(bundle_jobs)
        .where(bundle_jobs.c.citation_id == citation_id)
        .values(
            next_attempt_at=func.now() + wait,
            last_fault=fault[:200],
            missing_attempts=bundle_jobs.c.missing_attempts + int(was_missing),
        )
    )


async def finish(session: AsyncSession, citation_id: UUID) -> bool:
    """Remove the job; False when another worker finished it first."""
    removed = await session.scalar(
        delete(bundle_jobs)
        .where(bundle_jobs.c.citation_id == citation_id)
        .returning(bundle_jobs.c.citation_id)
    )
    return removed is not None


async def waiting(session: AsyncSession) -> int:
    count = await session.scalar(select(func.count()).select_from(bundle_jobs))
    return int(count or 0)
