"""Incidents on the road: stopped vehicles, queues, wrong ways, pedestrians. Not personal."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, TypeAdapter

from payesh.contracts import IncidentObserved
from payesh.contracts.vocabulary import TERM_PATTERN
from payesh.detect.adapters.incidents import IncidentQuery
from payesh.detect.api.dependencies import DependenciesHere
from payesh.detect.handlers import incidents
from payesh.kit.authorization import authorize
from payesh.kit.openapi import ShapeOf
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

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])
Reader = Annotated[Principal, Depends(authorize(incidents.SCOPE, resource="incident"))]
_KEY = TypeAdapter(tuple[UtcTime, UUID])


class IncidentPage(BaseModel):
    """Incidents as they were published last; one whose `ended_at` is null lasts, as far as its
    camera saw."""

    items: list[Annotated[dict[str, Any], ShapeOf(IncidentObserved)]]
    next: str | None


@router.get("")
async def list_incidents(
    dependencies: DependenciesHere,
    principal: Reader,
    camera_id: Annotated[ShortText | None, Query(max_length=64)] = None,
    incident: Annotated[str | None, Query(pattern=TERM_PATTERN)] = None,
    ended: bool | None = None,
    begin_from: From = None,
    begin_to: To = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> IncidentPage:
    """Incidents that begin in a time, oldest first; `ended=false` are those that last."""
    query = IncidentQuery(
        camera_id=camera_id,
        incident=incident,
        ended=ended,
        begin_from=begin_from,
        begin_to=begin_to,
        after=decode_cursor(cursor, _KEY),
        limit=limit,
    )
    found = await incidents.list_incidents(dependencies, principal, query)
    following = next_cursor(found, limit, lambda each: (each.began_at, each.incident_id))
    return IncidentPage(items=[each.body for each in found], next=following)
