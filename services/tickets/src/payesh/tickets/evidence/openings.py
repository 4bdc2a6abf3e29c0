"""Openings of clips: a player asks for a clip in many ranges, the audit log records one opening."""

import json
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.principal import Principal
from payesh.tickets.adapters.tables import clip_openings


async def begin(
    session: AsyncSession, citation_id: UUID, principal: Principal, *, lasts: timedelta
) -> bool:
    """True when this is a new opening, which the caller must audit in this transaction."""
    opened = await session.scalar(
        insert(clip_openings)
        .values(citation_id=citation_id, reading=_reading(principal), open_until=func.now() + lasts)
        .on_conflict_do_update(
            index_elements=list(clip_openings.primary_key),
            set_={"open_until": func.now() + lasts},
            where=clip_openings.c.open_until <= func.now(),
        )
        .returning(clip_openings.c.citation_id)
    )
    return opened is not None


async def forget_old(session: AsyncSession) -> None:
    await session.execute(delete(clip_openings).where(clip_openings.c.open_until <= func.now()))


def _reading(principal: Principal) -> str:
    """What an audit record holds of reader and purpose: another purpose is another reading."""
    who = (principal.subject, principal.actor, principal.agency)
    return sha256(json.dumps([*who, principal.grant_id, principal.purpose]).encode()).hexdigest()
