"""Signed decisions of a citation, in order; a statement is added and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.tables import decision_statements


async def of(session: AsyncSession, citation_id: UUID) -> Sequence[str]:
    """The statements of a citation's decisions, the first one first."""
    found = await session.scalars(
        select(decision_statements.c.statement)
        .where(decision_statements.c.citation_id == citation_id)
        .order_by(decision_statements.c.sequence)
    )
    return list(found)


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
