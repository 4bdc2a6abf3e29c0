"""Stills: a series a camera and day, numbered without gaps under a row lock."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.event import deterministic_id
from payesh.contracts.ingest import SnapshotStored
from payesh.ingest.adapters.tables import snapshot_series, snapshots

_SERIES_LOCK = 0x50591001


@dataclass(frozen=True, slots=True)
class Series:
    """Where the next still of a series goes."""

    stream_id: UUID
    sequence: int
    previous_link_sha256: str | None


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A still that was kept before, as it was published."""

    image_sha256: str
    event: SnapshotStored


async def lock_series(
    session: AsyncSession, camera_id: str, day: str, last_known_link: str | None
) -> Series:
    """Hold the camera's stills until the transaction ends.

    The lock is the camera's, not the day's: one Idempotency-Key may be sent with two days.
    """
    await session.execute(
        select(func.pg_advisory_xact_lock(_SERIES_LOCK, func.hashtext(camera_id)))
    )
    found = (
        await session.execute(
            select(snapshot_series).where(
                snapshot_series.c.camera_id == camera_id, snapshot_series.c.day == day
            )
        )
    ).one_or_none()
    if found is not None:
        return Series(found.stream_id, found.next_sequence, found.last_link_sha256)
    former = await session.scalar(
        select(snapshot_series.c.last_link_sha256)
        .where(snapshot_series.c.camera_id == camera_id)
        .order_by(snapshot_series.c.day.desc())
        .limit(1)
    )
    return Series(deterministic_id("snapshots", camera_id, day), 0, former or last_known_link)


async def find_snapshot(
    session: AsyncSession,
    camera_id: str,
    image_sha256: str,
    captured_at: datetime,
    idempotency_key: str | None,
) -> StoredSnapshot | None:
    """A still that this one repeats: by its key, else by what it is."""
    same: ColumnElement[bool] = (snapshots.c.image_sha256 == image_sha256) & (
        snapshots.c.captured_at == captured_at
    )
    if idempotency_key is not None:
        same = or_(same, snapshots.c.idempotency_key == idempotency_key)
    row = (
        await session.execute(
            select(snapshots.c.image_sha256, snapshots.c.event)
            .where(snapshots.c.camera_id == camera_id, same)
            .order_by((snapshots.c.idempotency_key == idempotency_key).desc().nulls_last())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        return None
    return StoredSnapshot(row.image_sha256, SnapshotStored.from_json(json.dumps(row.event)))


async def insert_snapshot(
    session: AsyncSession, event: SnapshotStored, idempotency_key: str | None
) -> None:
    """Record a still and move its series on."""
    await session.execute(
        insert(snapshots).values(
            camera_id=event.camera_id,
            stream_id=event.stream_id,
            sequence=event.sequence,
            captured_at=event.captured_at,
            image_sha256=event.image.sha256,
            idempotency_key=idempotency_key,
            event=event.model_dump(mode="json"),
        )
    )
    day = event.captured_at.date().isoformat()
    if event.sequence == 0:
        await session.execute(
            insert_or(snapshot_series).values(
                camera_id=event.camera_id,
                day=day,
                stream_id=event.stream_id,
                next_sequence=1,
                last_link_sha256=event.link_sha256,
            )
        )
        return
    await session.execute(
        update(snapshot_series)
        .where(snapshot_series.c.camera_id == event.camera_id, snapshot_series.c.day == day)
        .values(next_sequence=event.sequence + 1, last_link_sha256=event.link_sha256)
    )
