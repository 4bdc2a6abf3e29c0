"""Traffic counts in PostgreSQL, an interval a row."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import TrafficCounted
from payesh.detect.adapters.tables import traffic
from payesh.kit.bounds import within
from payesh.kit.principal import Bounds

_STORED = (
    traffic.c.camera_id,
    traffic.c.stream_id,
    traffic.c.started_at,
    traffic.c.ended_at,
    traffic.c.counts,
    traffic.c.lanes,
)
"""Columns in the order of `StoredInterval`'s fields."""


@dataclass(frozen=True, slots=True)
class StoredInterval:
    """What passed from `started_at` up to, not including, `ended_at`. `counts` and `lanes` are
    those of the published event."""

    camera_id: str
    stream_id: UUID
    started_at: datetime
    ended_at: datetime
    counts: list[dict[str, Any]]
    lanes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class TrafficQuery:
    """Intervals of a camera that begin in [`begin_from`, `begin_to`)."""

    camera_id: str | None
    begin_from: datetime | None
    begin_to: datetime | None
    after: tuple[datetime, UUID] | None
    limit: int


async def add(session: AsyncSession, counted: TrafficCounted) -> None:
    """Store an interval once; a repeated one changes nothing."""
    published = json.loads(counted.to_json())
    await session.execute(
        insert(traffic)
        .values(
            stream_id=counted.stream_id,
            started_at=counted.started_at,
            ended_at=counted.ended_at,
            camera_id=counted.camera_id,
            county=counted.county,
            road_class=counted.road_class,
            counts=published["counts"],
            lanes=published["lanes"],
        )
        .on_conflict_do_nothing()
    )


async def search(
    session: AsyncSession, bounds: Bounds, query: TrafficQuery
) -> list[StoredInterval]:
    """Intervals oldest first, within the caller's bounds."""
    statement = select(*_STORED).where(within(traffic, bounds))
    if query.camera_id is not None:
        statement = statement.where(traffic.c.camera_id == query.camera_id)
    if query.begin_from is not None:
        statement = statement.where(traffic.c.started_at >= query.begin_from)
    if query.begin_to is not None:
        statement = statement.where(traffic.c.started_at < query.begin_to)
    if query.after is not None:
        statement = statement.where(tuple_(traffic.c.started_at, traffic.c.stream_id) > query.after)
    ordered = statement.order_by(traffic.c.started_at, traffic.c.stream_id)
    return [StoredInterval(*row) for row in await session.execute(ordered.limit(query.limit))]


async def expire(session: AsyncSession, before: datetime) -> None:
    """Delete intervals that began before."""
    await session.execute(delete(traffic).where(traffic.c.started_at < before))
