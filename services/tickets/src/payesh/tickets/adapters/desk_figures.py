"""Figures of the desk for its supervisor: what waits and how long, what is held, what was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.bounds import within
from payesh.kit.principal import Bounds
from payesh.tickets.adapters.tables import UNPRICED, camera_suspensions, citation_steps, citations
from payesh.tickets.domain.correction import CORRECTED
from payesh.tickets.domain.desk import DECIDED, DRAFTED
from payesh.tickets.domain.supervision import RETURNED


@dataclass(frozen=True, slots=True)
class Backlog:
    """Drafts within bounds: all, older than a day, older than a week, the oldest; held as unpriced,
    because their camera is suspended, for an exemption; decided but not final; returned; whose
    corrected plate a second officer has to read."""

    drafts: int
    over_a_day: int
    over_a_week: int
    oldest_at: datetime | None
    unpriced: int
    suspended: int
    exempt: int
    decided: int
    returned: int
    corrected: int


async def backlog(session: AsyncSession, bounds: Bounds) -> Backlog:
    table, off = citations, camera_suspensions
    is_draft = table.c.state == DRAFTED.name
    suspended = select(off.c.camera_id).where(off.c.lifted_at.is_(None))

    def older(than: str) -> ColumnElement[int]:
        return func.count().filter(is_draft, table.c.created_at < func.now() - text(than))

    row = await session.execute(
        select(
            func.count().filter(is_draft),
            older("interval '1 day'"),
            older("interval '7 days'"),
            func.min(table.c.created_at).filter(is_draft),
            func.count().filter(text(UNPRICED)),
            func.count().filter(is_draft, table.c.camera_id.in_(suspended)),
            func.count().filter(is_draft, table.c.exempt_under.is_not(None)),
            func.count().filter(table.c.state == DECIDED.name),
            func.count().filter(table.c.state == RETURNED.name),
            func.count().filter(table.c.state == CORRECTED.name),
        ).where(
            within(table, bounds),
            table.c.state.in_([DRAFTED.name, DECIDED.name, RETURNED.name, CORRECTED.name]),
        )
    )
    return Backlog(*row.one())


@dataclass(frozen=True, slots=True)
class Throughput:
    """What an officer decided and undid in the last 24 hours."""

    officer: str
    issued: int
    rejected: int
    returned: int
    undone: int


async def throughput(
    session: AsyncSession, bounds: Bounds, *, limit: int = 50
) -> Sequence[Throughput]:
    """Of officers who did something within the bounds in the last 24 hours; busiest first."""
    steps = citation_steps

    def taken(name: str) -> ColumnElement[int]:
        return func.count().filter(steps.c.step == name)

    rows = await session.execute(
        select(
            steps.c.officer,
            taken("become_issued"),
            taken("become_rejected"),
            taken("return_to_supervisor"),
            taken("undo"),
        )
        .join(citations, citations.c.citation_id == steps.c.citation_id)
        .where(within(citations, bounds), steps.c.at > func.now() - text("interval '1 day'"))
        .group_by(steps.c.officer)
        .order_by(func.count().desc(), steps.c.officer)
        .limit(limit)
    )
    return [Throughput(*row) for row in rows]
