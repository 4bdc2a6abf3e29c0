"""What was recorded of a camera, what was not, and how the camera is."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, TypeAdapter

from payesh.contracts.ingest import SegmentStored
from payesh.ingest.api.dependencies import CameraId, DependenciesHere, SpanHere
from payesh.ingest.handlers import streams as handlers
from payesh.kit.authorization import authorize
from payesh.kit.paging import Cursor, Limit, Number, UtcTime, decode_cursor, next_cursor
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/cameras/{camera_id}", tags=["streams"])

StreamReader = Annotated[Principal, Depends(authorize("streams:read", resource="stream"))]
HealthReader = Annotated[Principal, Depends(authorize("health:read", resource="camera health"))]

_after_segment = TypeAdapter(tuple[UtcTime, UUID, Number])
_after_gap = TypeAdapter(tuple[UtcTime, UUID])


class SegmentPage(BaseModel):
    items: list[SegmentStored]
    next: str | None


class GapOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    gap_id: UUID
    camera_id: str
    started_at: datetime
    ended_at: datetime
    reason: str


class GapPage(BaseModel):
    items: list[GapOut]
    next: str | None


class ConditionOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    condition: str
    raised: bool
    changed_at: datetime
    value: float | None
    threshold: float | None
    reason: str | None
    found_px: dict[str, int] | None
    expected_px: dict[str, int] | None


class HealthOut(BaseModel):
    camera_id: str
    enabled: bool
    last_frame_at: datetime | None
    conditions: list[ConditionOut]


@router.get("/segments")
async def list_segments(
    dependencies: DependenciesHere,
    principal: StreamReader,
    camera_id: CameraId,
    span: SpanHere,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> SegmentPage:
    """Segments that overlap the span, by capture time, as they were published."""
    after = decode_cursor(cursor, _after_segment)
    segments = await handlers.list_segments(
        dependencies, principal, camera_id, span, after=after, limit=limit
    )
    following = next_cursor(
        segments, limit, lambda each: (each.captured_at, each.stream_id, each.sequence)
    )
    return SegmentPage(items=list(segments), next=following)


@router.get("/gaps")
async def list_gaps(
    dependencies: DependenciesHere,
    principal: StreamReader,
    camera_id: CameraId,
    span: SpanHere,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> GapPage:
    """Times of which nothing is kept, and why."""
    after = decode_cursor(cursor, _after_gap)
    gaps = await handlers.list_gaps(
        dependencies, principal, camera_id, span, after=after, limit=limit
    )
    return GapPage(
        items=[GapOut.model_validate(gap) for gap in gaps],
        next=next_cursor(gaps, limit, lambda each: (each.started_at, each.gap_id)),
    )


@router.get("/health")
async def get_health(
    dependencies: DependenciesHere, principal: HealthReader, camera_id: CameraId
) -> HealthOut:
    """Conditions that were ever raised, and whether they are now."""
    camera, conditions = await handlers.get_health(dependencies, principal, camera_id)
    return HealthOut(
        camera_id=camera_id,
        enabled=camera.enabled,
        last_frame_at=camera.covered_until,
        conditions=[ConditionOut.model_validate(each) for each in conditions],
    )
