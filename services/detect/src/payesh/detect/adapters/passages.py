"""Passages in PostgreSQL: kept for a while, read within bounds."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import PassageObserved
from payesh.detect.adapters.tables import passages
from payesh.kit.bounds import within
from payesh.kit.tokens import Bounds

_EXPIRE_AT_ONCE = 5_000


async def add(session: AsyncSession, passage: PassageObserved, expires_at: datetime) -> None:
    """A passage told twice changes nothing."""
    await session.execute(
        insert(passages)
        .values(
            passage_id=passage.passage_id,
            captured_at=passage.captured_at,
            camera_id=passage.camera_id,
            county=passage.county,
            road_class=passage.road_class,
            body=json.loads(passage.to_json()),
            expires_at=expires_at,
        )
        .on_conflict_do_nothing()
    )


async def get(session: AsyncSession, bounds: Bounds, passage_id: UUID) -> Any | None:
    """The passage's body as said on the bus; None outside the bounds or unknown."""
    statement = select(passages).where(passages.c.passage_id == passage_id)
    return (await session.execute(statement.where(within(passages, bounds)))).first()


async def expire(session: AsyncSession, now: datetime) -> int:
    """Delete what has had its time, some thousands at once; how many."""
    old = select(passages.c.passage_id).where(passages.c.expires_at <= now).limit(_EXPIRE_AT_ONCE)
    gone = await session.execute(
        delete(passages).where(passages.c.passage_id.in_(old)).returning(passages.c.passage_id)
    )
    return len(gone.all())
