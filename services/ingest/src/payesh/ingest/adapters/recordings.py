"""Uploaded videos and how far their work is."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.values import ObjectReference
from payesh.ingest.adapters.tables import cameras, recordings
from payesh.kit.bounds import within
from payesh.kit.tokens import Bounds

CLAIM = timedelta(seconds=30)


async def insert_recording(
    session: AsyncSession,
    recording_id: UUID,
    camera_id: str,
    stored: ObjectReference,
    started_at: datetime,
    clock_u95_ms: float,
) -> dict[str, Any]:
    row = await session.execute(
        insert(recordings)
        .values(
            recording_id=recording_id,
            camera_id=camera_id,
            state="queued",
            object=stored.model_dump(mode="json"),
            started_at=started_at,
            clock_u95_ms=clock_u95_ms,
        )
        .returning(*recordings.c)
    )
    return dict(row.one()._mapping)


async def find_recording(
    session: AsyncSession, camera_id: str, recording_id: UUID, bounds: Bounds
) -> dict[str, Any] | None:
    row = (
        await session.execute(
            select(recordings)
            .join(cameras, cameras.c.camera_id == recordings.c.camera_id)
            .where(
                recordings.c.recording_id == recording_id,
                recordings.c.camera_id == camera_id,
                within(cameras, bounds),
            )
        )
    ).one_or_none()
    return None if row is None else dict(row._mapping)


async def claim_recording(session: AsyncSession) -> dict[str, Any] | None:
    """The oldest that waits, or whose worker died. Held for CLAIM, unless `renew_claim`ed."""
    free = (recordings.c.state == "queued") | (
        (recordings.c.state == "running")
        & or_(
            recordings.c.claimed_until.is_(None),
            recordings.c.claimed_until < func.clock_timestamp(),
        )
    )
    chosen = (
        select(recordings.c.recording_id)
        .where(free)
        .order_by(recordings.c.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    row = (
        await session.execute(
            update(recordings)
            .where(recordings.c.recording_id == chosen)
            .values(state="running", claimed_until=func.clock_timestamp() + CLAIM)
            .returning(*recordings.c)
        )
    ).one_or_none()
    return None if row is None else dict(row._mapping)


async def change_recording(session: AsyncSession, recording_id: UUID, **values: Any) -> None:
    await session.execute(
        update(recordings).where(recordings.c.recording_id == recording_id).values(**values)
    )


async def finish_recording(session: AsyncSession, recording_id: UUID, **outcome: Any) -> bool:
    """False when another worker, who took it over meanwhile, has finished it."""
    finished = await session.scalar(
        update(recordings)
        .where(recordings.c.recording_id == recording_id, recordings.c.state == "running")
        .values(claimed_until=None, **outcome)
        .returning(recordings.c.recording_id)
    )
    return finished is not None


async def renew_claim(session: AsyncSession, recording_id: UUID, segment_count: int) -> None:
    await change_recording(
        session,
        recording_id,
        claimed_until=func.clock_timestamp() + CLAIM,
        segment_count=segment_count,
    )
