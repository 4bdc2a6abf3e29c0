"""`/v1/reads`: search of plate reads. Personal data: each call names a purpose."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from payesh.contracts import PlateRead
from payesh.kit.authorization import authorize
from payesh.kit.errors import Unprocessable
from payesh.kit.http import page_limit
from payesh.kit.openapi import ShapeOf
from payesh.kit.tokens import Principal
from payesh.plates.adapters.reads import ReadQuery, StoredRead
from payesh.plates.api.dependencies import DependenciesHere
from payesh.plates.domain.plate_text import searched_texts
from payesh.plates.errors import PlateMisspelt
from payesh.plates.handlers import searching

router = APIRouter(prefix="/v1/reads", tags=["reads"])
Reader = Annotated[Principal, Depends(authorize(searching.SCOPE, resource="read", personal=True))]


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
        str | None, Query(max_length=32, description="Any spelling; ? is one unknown character.")
    ] = None,
    camera_id: Annotated[str | None, Query(max_length=64)] = None,
    captured_from: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    captured_to: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    cursor: Annotated[
        str | None, Query(max_length=128, description="`next` of the page before, unchanged.")
    ] = None,
    limit: page_limit = 50,
) -> ReadPage:
    """Reads of a plate, a camera or a time, newest first."""
    query = ReadQuery(
        texts=_texts(plate) if plate else (),
        camera_id=camera_id,
        captured_from=captured_from,
        captured_to=captured_to,
        after=_parse_cursor(cursor) if cursor else None,
        limit=limit,
    )
    found = await searching.search_reads(dependencies, principal, query)
    following = _cursor(found[-1]) if len(found) == limit else None
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


def _cursor(read: StoredRead) -> str:
    text = f"{read.captured_at.isoformat()}|{read.passage_id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _parse_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, passage_id = base64.urlsafe_b64decode(cursor).decode().split("|")
        return datetime.fromisoformat(at), UUID(passage_id)
    except (ValueError, binascii.Error) as error:
        raise Unprocessable("this cursor was not given out here", type="bad-cursor") from error
