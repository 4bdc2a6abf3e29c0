"""Segments that are stored, gaps between them, and where each camera's chain stands."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.ingest import GapRecorded, SegmentStored
from payesh.contracts.values import ObjectReference
from payesh.ingest.adapters.tables import cameras, gaps, segments


@dataclass(frozen=True, slots=True)
class StoredGap:
    """A time of which nothing is kept."""

    gap_id: UUID
    camera_id: str
    started_at: datetime
    ended_at: datetime
    reason: str


async def insert_segment(session: AsyncSession, event: SegmentStored, ended_at: datetime) -> bool:
    """False when the segment is known already: it was stored before a crash."""
    done = await session.execute(
        insert(segments)
        .values(
            stream_id=event.stream_id,
            sequence=event.sequence,
            camera_id=event.camera_id,
            captured_at=event.captured_at,
            ended_at=ended_at,
            event=event.model_dump(mode="json"),
        )
        .on_conflict_do_nothing()
        .returning(segments.c.sequence)
    )
    return done.scalar() is not None


async def init_of(session: AsyncSession, stream_id: UUID) -> ObjectReference | None:
    """The init part of a stream, where an earlier segment of it is stored."""
    found = await session.scalar(
        select(segments.c.event["init"]).where(segments.c.stream_id == stream_id).limit(1)
    )
    return ObjectReference.model_validate(found) if found else None


async def advance_chain(
    session: AsyncSession, event: SegmentStored, covered_until: datetime | None
) -> None:
    """Move the camera's last known link to this segment."""
    values: dict[str, Any] = {
        "last_link_sha256": event.link_sha256,
        "last_stream_id": event.stream_id,
        "last_sequence": event.sequence,
    }
    if covered_until is not None:
        values["covered_until"] = func.greatest(cameras.c.covered_until, covered_until)
    await session.execute(
        update(cameras).where(cameras.c.camera_id == event.camera_id).values(**values)
    )


async def insert_gap(session: AsyncSession, event: GapRecorded, *, live: bool) -> bool:
    """False when already known. `live` gaps move the time that is accounted for."""
    done = await session.execute(
        insert(gaps)
        .values(
            gap_id=event.gap_id,
            camera_id=event.camera_id,
            started_at=event.started_at,
            ended_at=event.ended_at,
            reason=event.reason,
        )
        .on_conflict_do_nothing()
        .returning(gaps.c.gap_id)
    )
    if done.scalar() is None:
        return False
    if live:
        await session.execute(
            update(cameras)
            .where(cameras.c.camera_id == event.camera_id)
            .values(covered_until=func.greatest(cameras.c.covered_until, event.ended_at))
        )
    return True


async def segments_between(
    session: AsyncSession,
    camera_id: str,
    *,
    since: datetime,
    until: datetime,
    after: tuple[datetime, UUID, int] | None,
    limit: int,
) -> Sequence[SegmentStored]:
    """Segments, as published, that overlap a time span, by capture time."""
    query = (
        select(segments.c.event)
        .where(
            segments.c.camera_id == camera_id,
            segments.c.ended_at > since,
            segments.c.captured_at < until,
        )
        .order_by(segments.c.captured_at, segments.c.stream_id, segments.c.sequence)
        .limit(limit)
    )
    if after is not None:
        key = func.row(segments.c.captured_at, segments.c.stream_id, segments.c.sequence)
        query = query.where(key > func.row(*after))
    # In JSON mode: the contracts' values are strict, and there a time is a string.
    return [SegmentStored.from_json(json.dumps(event)) for event in await session.scalars(query)]


async def gaps_between(
    session: AsyncSession,
    camera_id: str,
    *,
    since: datetime,
    until: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[StoredGap]:
    """Gaps that overlap a time span, by their start."""
    query = (
        select(gaps.c.gap_id, gaps.c.camera_id, gaps.c.started_at, gaps.c.ended_at, gaps.c.reason)
        .where(gaps.c.camera_id == camera_id, gaps.c.ended_at > since, gaps.c.started_at < until)
        .order_by(gaps.c.started_at, gaps.c.gap_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(func.row(gaps.c.started_at, gaps.c.gap_id) > func.row(*after))
    return [StoredGap(*row) for row in await session.execute(query)]


async def forget_segments(session: AsyncSession, before: datetime) -> int:
    """Delete index rows whose objects have expired; how many."""
    done = await session.execute(
        delete(segments).where(segments.c.captured_at < before).returning(segments.c.sequence)
    )
    return len(done.all())
