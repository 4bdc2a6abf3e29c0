"""Traffic counts: how many vehicles, of which kind, in which lane. Not personal."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel

from payesh.detect.adapters import traffic
from payesh.detect.errors import BadCursor
from payesh.kit.authorization import authorize
from payesh.kit.http import page_limit
from payesh.kit.tokens import Principal

router = APIRouter(prefix="/v1/traffic", tags=["traffic"])
Reader = Annotated[Principal, Depends(authorize("traffic:read", resource="traffic"))]


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
    camera_id: Annotated[str | None, Query(max_length=64)] = None,
    begin_from: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    begin_to: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    cursor: Annotated[
        str | None, Query(max_length=128, description="`next` of the page before, unchanged.")
    ] = None,
    limit: page_limit = 50,
) -> TrafficPage:
    """Counted intervals that begin in a time, oldest first."""
    query = traffic.TrafficQuery(
        camera_id=camera_id,
        begin_from=begin_from,
        begin_to=begin_to,
        after=_parse_cursor(cursor) if cursor else None,
        limit=limit,
    )
    async with request.app.state.database.transaction() as session:
        rows = await traffic.search(session, principal.bounds, query)
    following = _cursor(rows[-1]) if len(rows) == limit else None
    return TrafficPage(items=[_view(row) for row in rows], next=following)


def _view(row: Any) -> IntervalView:
    return IntervalView(
        camera_id=row.camera_id,
        stream_id=row.stream_id,
        started_at=row.started_at,
        ended_at=row.ended_at,
        counts=[CountView.model_validate(count) for count in row.counts],
    )


def _cursor(row: Any) -> str:
    text = f"{row.started_at.isoformat()}|{row.stream_id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _parse_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        started_at, stream_id = base64.urlsafe_b64decode(cursor).decode().split("|")
        return datetime.fromisoformat(started_at), UUID(stream_id)
    except (ValueError, binascii.Error) as error:
        raise BadCursor from error
