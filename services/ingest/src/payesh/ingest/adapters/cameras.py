"""Cameras and their revisions. Every read for a caller takes the caller's bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.ingest import PictureSize
from payesh.contracts.values import PlaceClass, RevisionReference, RoadClass
from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.source_secrets import StoredSource
from payesh.ingest.adapters.tables import cameras, leases, revisions
from payesh.kit.bounds import within
from payesh.kit.principal import Bounds


@dataclass(frozen=True, slots=True)
class StoredCamera:
    """A camera under its newest revision, and where its recording stands."""

    camera_id: str
    name: str
    place: Place
    enabled: bool
    source_kind: str
    source: StoredSource | None
    revision: RevisionReference
    created_at: datetime
    recording_since: datetime
    covered_until: datetime | None
    last_link_sha256: str | None
    last_stream_id: UUID | None
    last_sequence: int | None


@dataclass(frozen=True, slots=True)
class StoredRevision:
    """A configuration that is or was in force."""

    revision: int
    reference: RevisionReference
    document: dict[str, Any]
    created_at: datetime
    created_by: str


async def find_camera(
    session: AsyncSession, camera_id: str, bounds: Bounds, *, lock: bool = False
) -> StoredCamera | None:
    """One camera, or None when there is none within the bounds."""
    query = select(cameras).where(cameras.c.camera_id == camera_id, within(cameras, bounds))
    if lock:
        query = query.with_for_update()
    row = (await session.execute(query)).mappings().one_or_none()
    return None if row is None else _camera(row)


async def camera_exists(session: AsyncSession, camera_id: str) -> bool:
    """Whether a camera has this id, within any bounds: ids are unique in the province."""
    found = await session.scalar(
        select(cameras.c.camera_id).where(cameras.c.camera_id == camera_id)
    )
    return found is not None


async def list_cameras(
    session: AsyncSession, bounds: Bounds, *, after: str, limit: int
) -> Sequence[StoredCamera]:
    rows = await session.execute(
        select(cameras)
        .where(cameras.c.camera_id > after, within(cameras, bounds))
        .order_by(cameras.c.camera_id)
        .limit(limit)
    )
    return [_camera(row) for row in rows.mappings()]


async def cameras_named(session: AsyncSession, camera_ids: set[str]) -> Sequence[StoredCamera]:
    """Cameras that this replica records; their bounds do not matter to it."""
    rows = await session.execute(select(cameras).where(cameras.c.camera_id.in_(camera_ids)))
    return [_camera(row) for row in rows.mappings()]


async def picture_sizes(session: AsyncSession, camera_ids: set[str]) -> dict[str, PictureSize]:
    """The picture's size in each camera's newest revision, where it has one."""
    rows = await session.execute(
        select(
            cameras.c.camera_id,
            revisions.c.document["width_px"].as_integer(),
            revisions.c.document["height_px"].as_integer(),
        )
        .join_from(
            cameras,
            revisions,
            (revisions.c.camera_id == cameras.c.camera_id)
            & (revisions.c.revision == cameras.c.revision),
        )
        .where(cameras.c.camera_id.in_(camera_ids))
    )
    return {
        camera_id: PictureSize(width_px=width_px, height_px=height_px)
        for camera_id, width_px, height_px in rows
        if width_px and height_px
    }


async def basic_allowed(session: AsyncSession, camera_ids: set[str]) -> set[str]:
    """Those cameras whose newest revision allows Basic authentication."""
    rows = await session.scalars(
        select(cameras.c.camera_id)
        .join_from(
            cameras,
            revisions,
            (revisions.c.camera_id == cameras.c.camera_id)
            & (revisions.c.revision == cameras.c.revision),
        )
        .where(
            cameras.c.camera_id.in_(camera_ids),
            revisions.c.document["source_basic_allowed"].as_boolean(),
        )
    )
    return set(rows)


async def insert_camera(
    session: AsyncSession,
    revision: CameraRevision,
    reference: RevisionReference,
    source: StoredSource | None,
    now: datetime,
) -> None:
    await session.execute(
        insert(cameras).values(
            camera_id=revision.camera_id,
            enabled=True,
            recording_since=now,
            **_source_columns(source),
            **_revision_columns(revision, reference),
        )
    )
    await session.execute(
        insert(leases).values(camera_id=revision.camera_id, holder=None, token=0, expires_at=now)
    )


async def switch_recording(
    session: AsyncSession, camera_id: str, *, enabled: bool, now: datetime
) -> None:
    """What is missing counts from the time at which recording is switched on."""
    values: dict[str, Any] = {"enabled": enabled}
    if enabled:
        values["recording_since"] = now
    await session.execute(update(cameras).where(cameras.c.camera_id == camera_id).values(**values))


async def replace_source(
    session: AsyncSession, former: StoredCamera, source: StoredSource | None, now: datetime
) -> None:
    """What is missing counts from a camera's first source."""
    values: dict[str, Any] = dict(_source_columns(source))
    if former.source is None and source is not None:
        values["recording_since"] = now
    await session.execute(
        update(cameras).where(cameras.c.camera_id == former.camera_id).values(**values)
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
        .values(**_revision_columns(revision, reference))
    )


async def list_revisions(
    session: AsyncSession, camera_id: str, *, before: int | None = None, limit: int
) -> Sequence[StoredRevision]:
    """Newest first; with `before` those of smaller numbers."""
    query = (
        select(revisions)
        .where(revisions.c.camera_id == camera_id)
        .order_by(revisions.c.revision.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(revisions.c.revision < before)
    rows = await session.execute(query)
    return [_revision(row) for row in rows.mappings()]


async def revision_at(
    session: AsyncSession, camera_id: str, moment: datetime, *, first_early: timedelta
) -> StoredRevision | None:
    """The newest revision that was there at `moment`, None when there was none. The first one
    counts from `first_early` before its creation."""
    rows = await session.execute(
        select(revisions)
        .where(
            revisions.c.camera_id == camera_id,
            (revisions.c.created_at <= moment)
            | ((revisions.c.revision == 1) & (revisions.c.created_at <= moment + first_early)),
        )
        .order_by(revisions.c.revision.desc())
        .limit(1)
    )
    row = rows.mappings().one_or_none()
    return None if row is None else _revision(row)


def _revision_columns(revision: CameraRevision, reference: RevisionReference) -> dict[str, Any]:
    return {
        "name": revision.name,
        "county": revision.county,
        "road_class": revision.road_class,
        "place_class": revision.place_class,
        "source_kind": revision.source_kind,
        "revision": revision.revision,
        "revision_reference": reference.model_dump(mode="json"),
    }


def _source_columns(source: StoredSource | None) -> dict[str, str | None]:
    return {
        "source_url": None if source is None else source.url,
        "source_username": None if source is None else source.username,
        "source_sealed_password": None if source is None else source.sealed_password,
    }


def _camera(row: Mapping[Any, Any]) -> StoredCamera:
    source = None
    if row["source_url"] is not None:
        source = StoredSource(
            row["source_url"], row["source_username"], row["source_sealed_password"]
        )
    return StoredCamera(
        camera_id=row["camera_id"],
        name=row["name"],
        place=Place(row["county"], RoadClass(row["road_class"]), PlaceClass(row["place_class"])),
        enabled=row["enabled"],
        source_kind=row["source_kind"],
        source=source,
        revision=RevisionReference.model_validate(row["revision_reference"]),
        created_at=row["created_at"],
        recording_since=row["recording_since"],
        covered_until=row["covered_until"],
        last_link_sha256=row["last_link_sha256"],
        last_stream_id=row["last_stream_id"],
        last_sequence=row["last_sequence"],
    )


def _revision(row: Mapping[Any, Any]) -> StoredRevision:
    return StoredRevision(
        revision=row["revision"],
        reference=RevisionReference.model_validate(row["reference"]),
        document=row["document"],
        created_at=row["created_at"],
        created_by=row["created_by"],
    )
