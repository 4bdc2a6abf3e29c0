"""Signed decisions of a citation, in order; a statement is added and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.statement_tables import decision_statements


async def of(session: AsyncSession, citation_id: UUID) -> Sequence[str]:
    """The statements of a citation's decisions, the first one first."""
    found = await session.scalars(
        select(decision_statements.c.statement)
        .where(decision_statements.c.citation_id == citation_id)
        .order_by(decision_statements.c.sequence)
    )
    return list(found)


async def with_stamps(session: AsyncSession, citation_id: UUID) -> Sequence[tuple[str, str | None]]:
    """As `of`, each with its time-stamp; None where it has none."""
    table = decision_statements
    rows = await session.execute(
        select(table.c.statement, table.c.time_stamp)
        .where(table.c.citation_id == citation_id)
        .order_by(table.c.sequence)
    )
    return [(row.statement, row.time_stamp) for row in rows]


@dataclass(frozen=True, slots=True)
class SignedDecision:
    """One row."""

    citation_id: UUID
    sequence: int
    statement: str
    made_at: datetime


async def not_kept(session: AsyncSession, *, limit: int = 20) -> Sequence[SignedDecision]:
    """Decisions that do not lie in the object store yet, the oldest first; another replica is not
    given them while this transaction lasts."""
    table = decision_statements
    rows = await session.execute(
        select(table.c.citation_id, table.c.sequence, table.c.statement, table.c.made_at)
        .where(table.c.kept_at.is_(None))
        .order_by(table.c.made_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [SignedDecision(*row) for row in rows]


async def lock_not_stamped(session: AsyncSession) -> SignedDecision | None:
    """The newest decision without a time-stamp, locked until the transaction ends; rows that
    another transaction holds are passed over."""
    table = decision_statements
    rows = await session.execute(
        select(table.c.citation_id, table.c.sequence, table.c.statement, table.c.made_at)
        .where(table.c.time_stamp.is_(None))
        .order_by(table.c.made_at.desc())
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = rows.one_or_none()
    return None if row is None else SignedDecision(*row)


async def not_stamped(session: AsyncSession) -> int:
    """How many decisions have no time-stamp, at most 10,000."""
    some = select(1).where(decision_statements.c.time_stamp.is_(None)).limit(10_000).subquery()
    return await session.scalar(select(func.count()).select_from(some)) or 0


async def note_stamp(session: AsyncSession, decision: SignedDecision, time_stamp: str) -> None:
    table = decision_statements
    await session.execute(
        update(table)
        .where(table.c.citation_id == decision.citation_id, table.c.sequence == decision.sequence)
        .values(time_stamp=time_stamp)
    )


async def note_kept(session: AsyncSession, decision: SignedDecision) -> None:
    table = decision_statements
    await session.execute(
        update(table)
        .where(table.c.citation_id == decision.citation_id, table.c.sequence == decision.sequence)
        .values(kept_at=func.now())
    )


async def add(session: AsyncSession, citation_id: UUID, sequence: int, statement: str) -> None:
    """The next decision; the caller holds the citation's row."""
    await session.execute(
        insert(decision_statements).values(
            citation_id=citation_id, sequence=sequence, statement=statement
        )
    )
