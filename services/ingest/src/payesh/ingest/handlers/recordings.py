"""Uploaded video files: accepted and queued."""

from collections.abc import AsyncIterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.audited_query import Condition
from payesh.contracts.event import deterministic_id
from payesh.ingest.adapters import recordings as recording_rows
from payesh.ingest.adapters.recordings import StoredRecording
from payesh.ingest.dependencies import Dependencies
from payesh.ingest.errors import UnknownRecording
from payesh.ingest.handlers.bounds import require_bounds, require_camera
from payesh.ingest.handlers.revisions import revision_in_force
from payesh.ingest.handlers.uploads import require_past
from payesh.ingest.settings import Settings
from payesh.kit.audit import record_read
from payesh.kit.principal import Principal

BUCKET = "recordings"


async def accept_recording(
    dependencies: Dependencies,
    principal: Principal,
    camera_id: str,
    content: AsyncIterable[bytes],
    started_at: datetime,
    clock_u95_ms: float,
) -> StoredRecording:
    """Keep an uploaded file and queue it.

    Raises UnknownCamera, BadTime, NoRevision, OutOfBounds.
    """
    require_past(started_at, "started_at")
    async with dependencies.database.transaction() as session:
        await require_camera(session, camera_id, principal.bounds)
        revision, _ = await revision_in_force(session, camera_id, started_at)
        require_bounds(principal.bounds, revision)
    recording_id = uuid4()
    stored = await dependencies.objects.put(
        BUCKET, f"{camera_id}/{recording_id}", content, media_type="application/octet-stream"
    )
    async with dependencies.database.transaction() as session:
        await require_camera(session, camera_id, principal.bounds)
        recording = await recording_rows.insert_recording(
            session, recording_id, camera_id, stored, started_at, clock_u95_ms
        )
    dependencies.recordings_changed()
    return recording


async def get_recording(
    dependencies: Dependencies, principal: Principal, camera_id: str, recording_id: UUID
) -> StoredRecording:
    """Raises UnknownCamera, OutOfBounds, UnknownRecording. It is recorded who looked."""
    async with dependencies.database.transaction() as session:
        await require_camera(session, camera_id, principal.bounds)
        recording = await recording_rows.find_recording(
            session, camera_id, recording_id, principal.bounds
        )
        if recording is None:
            raise UnknownRecording()
        asked: dict[str, Condition] = {"camera_id": camera_id, "recording_id": recording_id}
        await _record(dependencies, session, principal, "read", [recording], asked)
    return recording


async def list_recordings(
    dependencies: Dependencies,
    principal: Principal,
    camera_id: str,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[StoredRecording]:
    """A camera's files, the last uploaded first, from beyond `after`. Raises UnknownCamera,
    OutOfBounds. It is recorded who looked."""
    async with dependencies.database.transaction() as session:
        await require_camera(session, camera_id, principal.bounds)
        found = await recording_rows.page_of_recordings(
            session, camera_id, principal.bounds, after=after, limit=limit
        )
        await _record(dependencies, session, principal, "list", found, {"camera_id": camera_id})
    return found


async def _record(
    dependencies: Dependencies,
    session: AsyncSession,
    principal: Principal,
    action: str,
    shown: Sequence[StoredRecording],
    asked: Mapping[str, Condition],
) -> None:
    await record_read(
        session,
        principal,
        service=Settings.service,
        scope="streams:read",
        action=action,
        resource_kind="recording",
        resource_ids=[str(each.recording_id) for each in shown],
        query=dependencies.digests.of(asked),
    )


def recording_stream_id(recording_id: UUID, ordinal: int = 0) -> UUID:
    """The same file makes the same streams however often its work is begun."""
    further = (ordinal,) if ordinal else ()
    return deterministic_id("recording", recording_id, *further)
