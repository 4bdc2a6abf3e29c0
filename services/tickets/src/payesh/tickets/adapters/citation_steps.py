"""The history of a citation: each transition that led it to another state; rows are only added."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.tables import citation_steps
from payesh.tickets.domain.standing import Standing, Step


@dataclass(frozen=True, slots=True)
class TakenStep:
    """One row; `step` is the transition's name and `state` where it led; `plate` is what
    the officer read, where the step names one."""

    sequence: int
    step: str
    state: str
    reason: str | None
    note: str | None
    plate: str | None
    officer: str
    at: datetime


async def add(
    session: AsyncSession, citation_id: UUID, transition: str, after: Standing, step: Step
) -> None:
    """The next step of a citation whose row the transaction holds."""
    table = citation_steps
    last = select(func.coalesce(func.max(table.c.sequence), 0)).where(
        table.c.citation_id == citation_id
    )
    await session.execute(
        insert(table).values(
            citation_id=citation_id,
            sequence=last.scalar_subquery() + 1,
            step=transition,
            state=after.state,
            reason=after.reason,
            note=after.note,
            plate=getattr(step, "plate", None),
            officer=step.by,
            at=step.at,
        )
    )


async def of(session: AsyncSession, citation_id: UUID) -> Sequence[TakenStep]:
    """The steps of a citation, the first one first."""
    table = citation_steps
    rows = await session.execute(
        select(
            table.c.sequence,
            table.c.step,
            table.c.state,
            table.c.reason,
            table.c.note,
            table.c.plate,
            table.c.officer,
            table.c.at,
        )
        .where(table.c.citation_id == citation_id)
        .order_by(table.c.sequence)
    )
    return [TakenStep(*row) for row in rows]
