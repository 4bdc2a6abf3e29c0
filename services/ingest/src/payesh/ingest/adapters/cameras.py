"""Cameras and their revisions. Every read takes the bounds of who asks."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import RevisionReference
from payesh.ingest.adapters.tables import cameras, leases, revisions
from payesh.kit.bounds import within
from payesh.kit.tokens import Bounds


async def find_camera(
    session: AsyncSession, camera_id: str, bounds: Bounds, *, lock: bool = False
) -> dict[str, Any] | None:
    """One camera's row, or None when there is none within the bounds."""
    query = select(cameras).where(cameras.c.camera_id == camera_id, within(cameras, bounds))
    if lock:
        query = query.with_for_update()
    row = (await session.execute(query)).one_or_none()
    return None if row is None else dict(row._mapping)


async def camera_exists(session: AsyncSession, camera_id: str) -> bool:
    """Whatever the bounds: names of cameras are unique in the province."""
    found = await session.scalar(
        select(cameras.c.camera_id).where(cameras.c.camera_id == camera_id)
    )
    return found is not None


async def list_cameras(
    session: AsyncSession, bounds: Bounds, *, after: str, limit: int
) -> list[dict[str, Any]]:
    rows = await session.execute(
        select(cameras)
        .where(cameras.c.camera_id > after, within(cameras, bounds))
        .order_by(cameras.c.camera_id)
        .limit(limit)
    )
    return [dict(row._mapping) for row in rows]


def _configuration(revision: CameraRevision, reference: RevisionReference) -> dict[str, Any]:
    return {
        "name": revision.name,
        "county": revision.county,
        "road_class": revision.road_class,
        "place_class": revision.place_class,
        "source_kind": revision.source_kind,
        "revision": revision.revision,
        "revision_reference": reference.model_dump(mode="json"),
    }


async def insert_camera(
    session: AsyncSession,
    revision: CameraRevision,
    reference: RevisionReference,
    source: dict[str, str | None],
    now: datetime,
) -> None:
    await session.execute(
        insert(cameras).values(
            camera_id=revision.camera_id,
            enabled=True,
            recording_since=now,
            **source,
            **_configuration(revision, reference),
        )
    )
    await session.execute(
        insert(leases).values(camera_id=revision.camera_id, holder=None, token=0, expires_at=now)
    )


async def insert_revision(
    session: AsyncSession, revision: CameraRevision, reference: RevisionReference, by: str
) -> None:
    """Add the immutable row; the caller holds the camera's row."""
    await session.execute(
        insert(revisions).values(
            camera_id=revision.camera_id,
            revision=revision.revision,
            reference=reference.model_dump(mode="json"),
            document=revision.model_dump(mode="json"),
            created_at=revision.created_at,
            created_by=by,
        )
    )


async def point_to_revision(
    session: AsyncSession, revision: CameraRevision, reference: RevisionReference
) -> None:
    await session.execute(
        update(cameras)
        .where(cameras.c.camera_id == revision.camera_id)
        .values(**_configuration(revision, reference))
    )


async def list_revisions(
    session: AsyncSession, camera_id: str, *, before: int, limit: int
) -> list[dict[str, Any]]:
    """Newest first."""
    rows = await session.execute(
        select(revisions)
        .where(revisions.c.camera_id == camera_id, revisions.c.revision < before)
        .order_by(revisions.c.revision.desc())
        .limit(limit)
    )
    return [dict(row._mapping) for row in rows]


async def revision_at(
    session: AsyncSession, camera_id: str, moment: datetime, *, first_early: timedelta
) -> dict[str, Any] | None:
    """The newest revision that was there at `moment`, None when there was none. The first one
    counts from `first_early` before its creation."""
    row = (
        await session.execute(
            select(revisions)
            .where(
                revisions.c.camera_id == camera_id,
                (revisions.c.created_at <= moment)
                | ((revisions.c.revision == 1) & (revisions.c.created_at <= moment + first_early)),
            )
            .order_by(revisions.c.revision.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else dict(row._mapping)


async def change_camera(session: AsyncSession, camera_id: str, **values: Any) -> None:
    await session.execute(update(cameras).where(cameras.c.camera_id == camera_id).values(**values))


async def rows_to_record(session: AsyncSession, camera_ids: set[str]) -> list[dict[str, Any]]:
    """Rows of cameras that this replica holds, for its recorders."""
    rows = await session.execute(select(cameras).where(cameras.c.camera_id.in_(camera_ids)))
    return [dict(row._mapping) for row in rows]
