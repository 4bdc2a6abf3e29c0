"""Uploaded videos and how far their work is."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.values import ObjectReference
from payesh.ingest.adapters.tables import cameras, recordings
from payesh.kit.bounds import within
from payesh.kit.tokens import Bounds

CLAIM = timedelta(seconds=30)
"""Renewed by each segment, and three times as often while the file is fetched."""


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
    """The oldest that waits, or whose worker died. Held for CLAIM, unless renewed.

    A worker may be slow and not dead, and writes on after another took over: each claim has an
    id, and what is written here under a former one changes nothing.
    """
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
            .values(state="running", claim_id=uuid4(), claimed_until=_renewed())
            .returning(*recordings.c)
        )
    ).one_or_none()
    return None if row is None else dict(row._mapping)


async def fix_plan(
    session: AsyncSession, recording_id: UUID, claim_id: UUID, plan: dict[str, Any]
) -> dict[str, Any] | None:
    """The plan that holds: the first that anybody gave. None when the claim is another's now."""
    fixed: dict[str, Any] | None = await session.scalar(
        update(recordings)
        .where(_claimed(recording_id, claim_id))
        .values(
            plan=func.coalesce(recordings.c.plan, literal(plan, JSONB)), claimed_until=_renewed()
        )
        .returning(recordings.c.plan)
    )
    return fixed


async def renew_claim(
    session: AsyncSession, recording_id: UUID, claim_id: UUID, **progress: Any
) -> bool:
    """False when the claim is another's now."""
    renewed = await session.scalar(
        update(recordings)
        .where(_claimed(recording_id, claim_id))
        .values(claimed_until=_renewed(), **progress)
        .returning(recordings.c.recording_id)
    )
    return renewed is not None


async def finish_recording(
    session: AsyncSession, recording_id: UUID, claim_id: UUID, **outcome: Any
) -> bool:
    """False when the claim is another's now."""
    finished = await session.scalar(
        update(recordings)
        .where(_claimed(recording_id, claim_id))
        .values(claim_id=None, claimed_until=None, **outcome)
        .returning(recordings.c.recording_id)
    )
    return finished is not None


def _claimed(recording_id: UUID, claim_id: UUID) -> ColumnElement[bool]:
    return (recordings.c.recording_id == recording_id) & (recordings.c.claim_id == claim_id)


def _renewed() -> ColumnElement[datetime]:
    return func.clock_timestamp() + CLAIM
