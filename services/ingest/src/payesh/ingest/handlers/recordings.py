"""Uploaded video files."""

from collections.abc import AsyncIterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from payesh.contracts.event import deterministic_id
from payesh.contracts.values import ObjectReference
from payesh.ingest.adapters import recordings as recording_rows
from payesh.ingest.handlers.cameras import (
    camera_row,
    require_bounds,
    require_past,
    revision_in_force,
)
from payesh.ingest.resources import Resources
from payesh.kit.tokens import Principal


async def accept_recording(
    resources: Resources,
    principal: Principal,
    camera_id: str,
    data: AsyncIterable[bytes],
    started_at: datetime,
    clock_u95_ms: float,
) -> dict[str, Any]:
    """Keep an uploaded file and queue it.

    Raises UnknownCamera, BadTime, NoRevision, OutOfBounds.
    """
    require_past(started_at, "started_at")
    async with resources.database.transaction() as session:
        await camera_row(session, camera_id, principal.bounds)
        revision, _ = await revision_in_force(session, camera_id, started_at)
        require_bounds(principal.bounds, revision)
    recording_id = uuid4()
    stored: ObjectReference = await resources.objects.put(
        "recordings", f"{camera_id}/{recording_id}", data, media_type="application/octet-stream"
    )
    async with resources.database.transaction() as session:
        await camera_row(session, camera_id, principal.bounds)
        row = await recording_rows.insert_recording(
            session, recording_id, camera_id, stored, started_at, clock_u95_ms
        )
    resources.recordings_changed()
    return row


def recording_stream_id(recording_id: UUID) -> UUID:
    """The same file makes the same stream however often its work is begun."""
    return deterministic_id("recording", recording_id)
