"""Cameras: registered, switched on and off, pointed at a source."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from payesh.ingest.adapters import cameras as camera_rows
from payesh.ingest.adapters.cameras import StoredCamera
from payesh.ingest.dependencies import Dependencies
from payesh.ingest.errors import CameraExists
from payesh.ingest.handlers.bounds import require_bounds, require_camera
from payesh.ingest.handlers.revisions import (
    configured,
    fields_of,
    new_revision,
    put_in_force,
    require_usable,
    store_revision,
)
from payesh.ingest.handlers.sources import EnteredSource, checked_source
from payesh.kit import outbox
from payesh.kit.principal import Principal


async def create_camera(
    dependencies: Dependencies,
    principal: Principal,
    camera_id: str,
    fields: Mapping[str, Any],
    source: EnteredSource | None,
) -> StoredCamera:
    """Register a camera with its first revision. `fields` are those of CameraRevision without
    camera, number and time.

    Raises UnknownDetector, BadMarks, OutOfBounds, CameraExists, BadSource.
    """
    now = datetime.now(UTC)
    revision = new_revision(camera_id, 1, now, fields)
    require_usable(revision)
    require_bounds(principal.bounds, revision)
    stored_source = await checked_source(dependencies, source)
    async with dependencies.database.transaction() as session:
        if await camera_rows.camera_exists(session, camera_id):
            raise CameraExists(camera_id)
    reference = await store_revision(dependencies.objects, revision)
    try:
        async with dependencies.database.transaction() as session:
            await camera_rows.insert_camera(session, revision, reference, stored_source, now)
            await camera_rows.insert_revision(session, revision, reference, principal.subject)
            await outbox.add(session, configured(revision, reference, enabled=True))
            camera = await require_camera(session, camera_id, principal.bounds)
    except IntegrityError as error:
        raise CameraExists(camera_id) from error
    dependencies.cameras_changed()
    return camera


async def get_camera(
    dependencies: Dependencies, principal: Principal, camera_id: str
) -> StoredCamera:
    """Raises UnknownCamera."""
    async with dependencies.database.transaction() as session:
        return await require_camera(session, camera_id, principal.bounds)


async def list_cameras(
    dependencies: Dependencies, principal: Principal, *, after: str, limit: int
) -> Sequence[StoredCamera]:
    """Cameras within the caller's bounds, by name."""
    async with dependencies.database.transaction() as session:
        return await camera_rows.list_cameras(session, principal.bounds, after=after, limit=limit)


async def change_camera(
    dependencies: Dependencies,
    principal: Principal,
    camera_id: str,
    *,
    source: EnteredSource | None,
    enabled: bool | None,
) -> StoredCamera:
    """Change what is given. Raises UnknownCamera, BadSource."""
    if source is not None:
        await change_source(dependencies, principal, camera_id, source)
    if enabled is not None:
        await enable_camera(dependencies, principal, camera_id, enabled=enabled)
    return await get_camera(dependencies, principal, camera_id)


async def enable_camera(
    dependencies: Dependencies, principal: Principal, camera_id: str, *, enabled: bool
) -> StoredCamera:
    """Begin or end recording. It is published, so it makes a revision. Raises UnknownCamera."""
    async with dependencies.database.transaction() as session:
        camera = await require_camera(session, camera_id, principal.bounds, lock=True)
        if camera.enabled == enabled:
            return camera
        now = datetime.now(UTC)
        (former,) = await camera_rows.list_revisions(session, camera_id, limit=1)
        revision = new_revision(camera_id, former.revision + 1, now, fields_of(former))
        await camera_rows.switch_recording(session, camera_id, enabled=enabled, now=now)
        await put_in_force(dependencies.objects, session, principal, revision, enabled=enabled)
        camera = await require_camera(session, camera_id, principal.bounds)
    dependencies.cameras_changed()
    return camera


async def change_source(
    dependencies: Dependencies,
    principal: Principal,
    camera_id: str,
    source: EnteredSource | None,
) -> StoredCamera:
    """Replace where the camera is reached, which is no part of a revision.

    Raises UnknownCamera, BadSource.
    """
    stored_source = await checked_source(dependencies, source)
    async with dependencies.database.transaction() as session:
        camera = await require_camera(session, camera_id, principal.bounds, lock=True)
        await camera_rows.replace_source(session, camera, stored_source, datetime.now(UTC))
        camera = await require_camera(session, camera_id, principal.bounds)
    dependencies.cameras_changed()
    return camera
