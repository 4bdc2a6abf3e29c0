"""Who has which clip open. A player asks for a clip in many ranges; the audit log wants one."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.tables import clip_openings


async def begin(
    session: AsyncSession, citation_id: UUID, subject: str, *, lasts: timedelta
) -> bool:
    """True when this is a new opening, which the caller must audit in this transaction."""
    opened = await session.scalar(
        insert(clip_openings)
        .values(citation_id=citation_id, subject=subject, open_until=func.now() + lasts)
        .on_conflict_do_update(
            index_elements=["citation_id", "subject"],
            set_={"open_until": func.now() + lasts},
            where=clip_openings.c.open_until <= func.now(),
        )
        .returning(clip_openings.c.citation_id)
    )
    return opened is not None


async def forget_old(session: AsyncSession) -> None:
    await session.execute(delete(clip_openings).where(clip_openings.c.open_until <= func.now()))
