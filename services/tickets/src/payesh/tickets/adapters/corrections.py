"""Corrected plates that wait for a second officer."""

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.bounds import within
from payesh.kit.principal import Bounds
from payesh.tickets.adapters.stored_citation import StoredCitation, citation_of
from payesh.tickets.adapters.tables import citations
from payesh.tickets.domain.correction import CORRECTED


async def lock_next(session: AsyncSession, bounds: Bounds, officer: str) -> StoredCitation | None:
    """What this officer is to read next, locked until the transaction ends: what the officer holds
    already, then what was captured first. Rows that another is taking are passed over."""
    row = await session.execute(
        select(citations, func.clock_timestamp().label("now"))
        .where(within(citations, bounds), _for(officer))
        .order_by(
            (citations.c.claimed_by == officer).desc().nulls_last(),
            citations.c.captured_at,
            citations.c.citation_id,
        )
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = row.one_or_none()
    return None if found is None else citation_of(found)


async def count(session: AsyncSession, bounds: Bounds, officer: str) -> int:
    """How many wait that this officer may read."""
    query = select(func.count()).select_from(citations)
    return int(await session.scalar(query.where(within(citations, bounds), _for(officer))) or 0)


def _for(officer: str) -> ColumnElement[bool]:
    table = citations
    free = or_(table.c.claimed_by.is_(None), table.c.claimed_until <= func.clock_timestamp())
    return and_(
        table.c.state == CORRECTED.name,
        table.c.correction["by"].astext != officer,
        or_(free, table.c.claimed_by == officer),
    )
