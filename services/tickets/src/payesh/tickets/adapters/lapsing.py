"""Citations whose deadline is over."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.stored_citation import StoredCitation, citation_of
from payesh.tickets.adapters.tables import RUNNING, citations


async def lock_lapsed(session: AsyncSession, beside: Collection[UUID]) -> StoredCitation | None:
    """The citation, none of `beside`, whose deadline is longest over, locked until the transaction
    ends; rows that another transaction holds are passed over."""
    row = await session.execute(
        select(citations, func.clock_timestamp().label("now"))
        .where(
            text(RUNNING),
            citations.c.due_at <= func.clock_timestamp(),
            citations.c.citation_id.not_in(beside),
        )
        .order_by(citations.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = row.one_or_none()
    return None if found is None else citation_of(found)
