"""Traffic counts: how many vehicles, of which kind, in which lane. Not personal."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, TypeAdapter

from payesh.detect.adapters.traffic import StoredInterval, TrafficQuery
from payesh.detect.api.dependencies import DependenciesHere
from payesh.detect.handlers import traffic
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
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/traffic", tags=["traffic"])
Reader = Annotated[Principal, Depends(authorize(traffic.SCOPE, resource="traffic"))]
_KEY = TypeAdapter(tuple[UtcTime, UUID])


class CountView(BaseModel):
    lane: str | None
    vehicle_class: str
    vehicles: int
    mean_speed_kmh: float | None


class LaneView(BaseModel):
    lane: str | None
    vehicles: int
    mean_speed_kmh: float | None
    p85_speed_kmh: float | None = Field(description="85 in 100 were not faster")
    mean_headway_s: float | None = Field(description="from one vehicle's passing to the next one's")
    occupancy: float | None = Field(
        default=None,
        description="share of the watched time in which a vehicle covered the measuring place",
    )
    queue_vehicles: int | None = Field(
        default=None, description="of the longest queue that stood at a moment"
    )
    queue_m: float | None = Field(default=None, description="length of the longest queue")


class IntervalView(BaseModel):
    """What passed from `started_at` up to, not including, `ended_at`."""

    camera_id: str
    stream_id: UUID
    started_at: datetime
    ended_at: datetime
    counts: list[CountView]
    lanes: list[LaneView] = Field(description="all classes together")

    @classmethod
    def of(cls, interval: StoredInterval) -> "IntervalView":
        return cls(
            camera_id=interval.camera_id,
            stream_id=interval.stream_id,
            started_at=interval.started_at,
            ended_at=interval.ended_at,
            counts=[CountView.model_validate(count) for count in interval.counts],
            lanes=[LaneView.model_validate(lane) for lane in interval.lanes],
        )


class TrafficPage(BaseModel):
    items: list[IntervalView]
    next: str | None


@router.get("")
async def list_traffic(
    dependencies: DependenciesHere,
    principal: Reader,
    camera_id: Annotated[ShortText | None, Query(max_length=64)] = None,
    begin_from: From = None,
    begin_to: To = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> TrafficPage:
    """Counted intervals that begin in a time, oldest first."""
    query = TrafficQuery(
        camera_id=camera_id,
        begin_from=begin_from,
        begin_to=begin_to,
        after=decode_cursor(cursor, _KEY),
        limit=limit,
    )
    found = await traffic.list_traffic(dependencies, principal, query)
    following = next_cursor(found, limit, lambda each: (each.started_at, each.stream_id))
    return TrafficPage(items=[IntervalView.of(each) for each in found], next=following)
