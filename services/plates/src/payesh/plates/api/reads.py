"""`/v1/reads`: search of plate reads. Personal data: each call names a purpose."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, TypeAdapter

from payesh.contracts import PlateRead
from payesh.contracts.plate_text import searched_texts
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
from payesh.plates.adapters.reads import ReadQuery, StoredRead
from payesh.plates.api.dependencies import DependenciesHere
from payesh.plates.errors import PlateMisspelt
from payesh.plates.handlers import searching

router = APIRouter(prefix="/v1/reads", tags=["reads"])
Reader = Annotated[Principal, Depends(authorize(searching.SCOPE, resource="read", personal=True))]
_KEY = TypeAdapter(tuple[UtcTime, UUID])


class ReadView(BaseModel):
    """One read as it was published, and when it will be deleted."""

    read: Annotated[dict[str, Any], ShapeOf(PlateRead)]
    expires_at: datetime

    @classmethod
    def of(cls, read: StoredRead) -> "ReadView":
        return cls(read=read.body, expires_at=read.expires_at)


class ReadPage(BaseModel):
    items: list[ReadView]
    next: str | None


@router.get("")
async def search_reads(
    dependencies: DependenciesHere,
    principal: Reader,
    plate: Annotated[
        ShortText | None,
        Query(max_length=100, description="Any spelling; ? is one unknown character."),
    ] = None,
    camera_id: Annotated[ShortText | None, Query(max_length=64)] = None,
    captured_from: From = None,
    captured_to: To = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ReadPage:
    """Reads of a plate, a camera or a time, newest first."""
    query = ReadQuery(
        plate=plate,
        texts=_texts(plate) if plate else (),
        camera_id=camera_id,
        captured_from=captured_from,
        captured_to=captured_to,
        after=decode_cursor(cursor, _KEY),
        limit=limit,
    )
    found = await searching.search_reads(dependencies, principal, query)
    following = next_cursor(found, limit, lambda read: (read.captured_at, read.passage_id))
    return ReadPage(items=[ReadView.of(read) for read in found], next=following)


@router.get("/{read_id}")
async def get_read(dependencies: DependenciesHere, read_id: UUID, principal: Reader) -> ReadView:
    """One read."""
    return ReadView.of(await searching.get_read(dependencies, principal, read_id))


def _texts(plate: str) -> tuple[str, ...]:
    try:
        return searched_texts(plate)
    except ValueError as error:
        raise PlateMisspelt from error
