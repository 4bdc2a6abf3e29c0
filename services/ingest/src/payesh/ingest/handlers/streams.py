"""Reads of what was recorded of a camera, what was not, and how the camera is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from payesh.contracts.ingest import SegmentStored
from payesh.ingest.adapters import health as health_rows
from payesh.ingest.adapters import segments as segment_rows
from payesh.ingest.adapters.cameras import StoredCamera
from payesh.ingest.adapters.health import StoredCondition
from payesh.ingest.adapters.segments import StoredGap
from payesh.ingest.dependencies import Dependencies
from payesh.ingest.handlers.bounds import require_camera
from payesh.kit.principal import Principal


@dataclass(frozen=True, slots=True)
class Span:
    """A time span: `since` is part of it, `until` is not."""

    since: datetime
    until: datetime


async def list_segments(
    dependencies: Dependencies,
    principal: Principal,
    camera_id: str,
    span: Span,
    *,
    after: tuple[datetime, UUID, int] | None,
    limit: int,
) -> Sequence[SegmentStored]:
    """Segments that overlap the span, by capture time, stream and number. Raises UnknownCamera."""
    async with dependencies.database.transaction() as session:
        await require_camera(session, camera_id, principal.bounds)
        return await segment_rows.segments_between(
            session, camera_id, since=span.since, until=span.until, after=after, limit=limit
        )


async def list_gaps(
    dependencies: Dependencies,
    principal: Principal,
    camera_id: str,
    span: Span,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[StoredGap]:
    """Gaps that overlap the span, by start and id. Raises UnknownCamera."""
    async with dependencies.database.transaction() as session:
        await require_camera(session, camera_id, principal.bounds)
        return await segment_rows.gaps_between(
            session, camera_id, since=span.since, until=span.until, after=after, limit=limit
        )


async def get_health(
    dependencies: Dependencies, principal: Principal, camera_id: str
) -> tuple[StoredCamera, Sequence[StoredCondition]]:
    """The camera, and the conditions that were ever raised of it. Raises UnknownCamera."""
    async with dependencies.database.transaction() as session:
        camera = await require_camera(session, camera_id, principal.bounds)
        return camera, await health_rows.health_of(session, camera_id)
