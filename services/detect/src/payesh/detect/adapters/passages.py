"""Passages in PostgreSQL: kept for a while, read within bounds."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import PassageObserved
from payesh.detect.adapters.tables import passages
from payesh.kit.bounds import within
from payesh.kit.principal import Bounds

_EXPIRE_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as it is kept; `body` is the published event."""

    passage_id: UUID
    body: dict[str, Any]


async def add(session: AsyncSession, passage: PassageObserved, expires_at: datetime) -> None:
    """Store a passage once; a repeated one changes nothing."""
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


async def get(session: AsyncSession, bounds: Bounds, passage_id: UUID) -> StoredPassage | None:
    """One passage within the caller's bounds."""
    statement = select(passages.c.passage_id, passages.c.body).where(
        passages.c.passage_id == passage_id
    )
    row = (await session.execute(statement.where(within(passages, bounds)))).first()
    return None if row is None else StoredPassage(*row)


async def of_camera(
    session: AsyncSession,
    bounds: Bounds,
    camera_id: str,
    since: datetime,
    until: datetime,
    limit: int,
) -> list[StoredPassage]:
    """A camera's passages captured in [`since`, `until`], the first ones, in their order."""
    statement = (
        select(passages.c.passage_id, passages.c.body)
        .where(within(passages, bounds), passages.c.camera_id == camera_id)
        .where(passages.c.captured_at.between(since, until))
        .order_by(passages.c.captured_at, passages.c.passage_id)
    )
    return [StoredPassage(*row) for row in await session.execute(statement.limit(limit))]


async def expire(session: AsyncSession, now: datetime) -> int:
    """Delete expired passages, a bounded number at a time, and return how many."""
    expired = select(passages.c.passage_id).where(passages.c.expires_at <= now)
    deleted = await session.execute(
        delete(passages)
        .where(passages.c.passage_id.in_(expired.limit(_EXPIRE_AT_ONCE)))
        .returning(passages.c.passage_id)
    )
    return len(deleted.all())
