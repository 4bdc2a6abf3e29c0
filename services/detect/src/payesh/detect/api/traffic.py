"""Traffic counts: how many vehicles, of which kind, in which lane. Not personal."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, TypeAdapter

from payesh.detect.adapters import traffic
from payesh.kit.authorization import authorize
from payesh.kit.paging import (
    Cursor,
    From,
    Limit,
    ShortText,
    To,
    UtcTime,
    decode_cursor,
    next_cursor,
)
from payesh.kit.tokens import Principal

router = APIRouter(prefix="/v1/traffic", tags=["traffic"])
Reader = Annotated[Principal, Depends(authorize("traffic:read", resource="traffic"))]
_KEY = TypeAdapter(tuple[UtcTime, UUID])


class CountView(BaseModel):
    lane: str | None
    vehicle_class: str
    vehicles: int
    mean_speed_kmh: float | None


class IntervalView(BaseModel):
    """What passed from `started_at` up to, not including, `ended_at`."""

    camera_id: str
    stream_id: UUID
    started_at: datetime
    ended_at: datetime
    counts: list[CountView]


class TrafficPage(BaseModel):
    items: list[IntervalView]
    next: str | None


@router.get("")
async def list_traffic(
    request: Request,
    principal: Reader,
    camera_id: Annotated[ShortText | None, Query(max_length=64)] = None,
    begin_from: From = None,
    begin_to: To = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> TrafficPage:
    """Counted intervals that begin in a time, oldest first."""
    query = traffic.TrafficQuery(
        camera_id=camera_id,
        begin_from=begin_from,
        begin_to=begin_to,
        after=decode_cursor(cursor, _KEY),
        limit=limit,
    )
    async with request.app.state.database.transaction() as session:
        rows = await traffic.search(session, principal.bounds, query)
    following = next_cursor(rows, limit, lambda row: (row.started_at, row.stream_id))
    return TrafficPage(items=[_view(row) for row in rows], next=following)


def _view(row: Any) -> IntervalView:
    return IntervalView(
        camera_id=row.camera_id,
        stream_id=row.stream_id,
        started_at=row.started_at,
        ended_at=row.ended_at,
        counts=[CountView.model_validate(count) for count in row.counts],
    )
