"""What was recorded of a camera, what was not, and how the camera is."""

import json
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, TypeAdapter

from payesh.contracts.ingest import SegmentStored
from payesh.ingest.adapters.health import health_of
from payesh.ingest.adapters.segments import gaps_between, segments_between
from payesh.ingest.api.dependencies import CameraId, ResourcesHere, Span
from payesh.ingest.handlers.cameras import camera_row
from payesh.kit.authorization import authorize
from payesh.kit.paging import Cursor, Limit, Number, UtcTime, decode_cursor, next_cursor
from payesh.kit.tokens import Principal

router = APIRouter(prefix="/v1/cameras/{camera_id}", tags=["streams"])

StreamReader = Annotated[Principal, Depends(authorize("streams:read", resource="stream"))]
HealthReader = Annotated[Principal, Depends(authorize("health:read", resource="camera health"))]

_after_segment = TypeAdapter(tuple[UtcTime, UUID, Number])
_after_gap = TypeAdapter(tuple[UtcTime, UUID])


class SegmentPage(BaseModel):
    items: list[SegmentStored]
    next: str | None


class GapOut(BaseModel):
    gap_id: UUID
    camera_id: str
    started_at: datetime
    ended_at: datetime
    reason: str


class GapPage(BaseModel):
    items: list[GapOut]
    next: str | None


class ConditionOut(BaseModel):
    condition: str
    raised: bool
    changed_at: datetime
    value: float | None
    threshold: float | None


class HealthOut(BaseModel):
    camera_id: str
    enabled: bool
    last_frame_at: datetime | None
    conditions: list[ConditionOut]


@router.get("/segments")
async def list_segments(
    resources: ResourcesHere,
    principal: StreamReader,
    camera_id: CameraId,
    span: Annotated[Span, Depends()],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> SegmentPage:
    """Segments that overlap the span, by capture time, as they were announced."""
    key = decode_cursor(cursor, _after_segment)
    async with resources.database.transaction() as session:
        await camera_row(session, camera_id, principal.bounds)
        rows = await segments_between(
            session,
            camera_id,
            since=span.since,
            until=span.until,
            after=key,
            limit=limit,
        )
    items = [SegmentStored.from_json(json.dumps(row)) for row in rows]
    following = next_cursor(
        items, limit, lambda item: (item.captured_at, item.stream_id, item.sequence)
    )
    return SegmentPage(items=items, next=following)


@router.get("/gaps")
async def list_gaps(
    resources: ResourcesHere,
    principal: StreamReader,
    camera_id: CameraId,
    span: Annotated[Span, Depends()],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> GapPage:
    """Times of which nothing is kept, and why."""
    key = decode_cursor(cursor, _after_gap)
    async with resources.database.transaction() as session:
        await camera_row(session, camera_id, principal.bounds)
        rows = await gaps_between(
            session,
            camera_id,
            since=span.since,
            until=span.until,
            after=key,
            limit=limit,
        )
    items = [GapOut(**row) for row in rows]
    following = next_cursor(items, limit, lambda item: (item.started_at, item.gap_id))
    return GapPage(items=items, next=following)


@router.get("/health")
async def get_health(
    resources: ResourcesHere, principal: HealthReader, camera_id: CameraId
) -> HealthOut:
    """Conditions that were ever raised, and whether they are now."""
    async with resources.database.transaction() as session:
        row = await camera_row(session, camera_id, principal.bounds)
        conditions = await health_of(session, camera_id)
    return HealthOut(
        camera_id=camera_id,
        enabled=row["enabled"],
        last_frame_at=row["covered_until"],
        conditions=[
            ConditionOut(**{name: each[name] for name in ConditionOut.model_fields})
            for each in conditions
        ],
    )
