"""Search of reads. Personal data: a purpose is asked for and an audit record left."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel

from payesh.contracts import PlateRead
from payesh.kit.audit import record_read
from payesh.kit.authorization import authorize
from payesh.kit.errors import NotFound, Unprocessable
from payesh.kit.http import page_limit
from payesh.kit.openapi import ShapeOf
from payesh.kit.tokens import Principal
from payesh.plates.adapters import reads
from payesh.plates.domain.plate_text import searched_texts
from payesh.plates.errors import PlateMisspelt

router = APIRouter(prefix="/v1/reads", tags=["reads"])
_SCOPE = "reads:read"
Reader = Annotated[Principal, Depends(authorize(_SCOPE, resource="read", personal=True))]


class ReadView(BaseModel):
    """One read as the bus said it, and when it will be deleted."""

    read: Annotated[dict[str, Any], ShapeOf(PlateRead)]
    expires_at: datetime


class ReadPage(BaseModel):
    items: list[ReadView]
    next: str | None


@router.get("")
async def search_reads(
    request: Request,
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
    query = reads.ReadQuery(
        texts=_texts(plate) if plate else (),
        camera_id=camera_id,
        captured_from=captured_from,
        captured_to=captured_to,
        after=_parse_cursor(cursor) if cursor else None,
        limit=limit,
    )
    async with request.app.state.database.transaction() as session:
        rows = await reads.search(session, principal.bounds, query)
        await record_read(
            session,
            principal,
            service="plates",
            scope=_SCOPE,
            action="search",
            resource_kind="read",
            resource_ids=[str(row.read_id) for row in rows],
        )
    following = _cursor(rows[-1]) if len(rows) == limit else None
    return ReadPage(items=[_view(row) for row in rows], next=following)


@router.get("/{read_id}")
async def get_read(request: Request, read_id: UUID, principal: Reader) -> ReadView:
    """One read."""
    async with request.app.state.database.transaction() as session:
        row = await reads.get(session, principal.bounds, read_id)
        await record_read(
            session,
            principal,
            service="plates",
            scope=_SCOPE,
            action="read",
            resource_kind="read",
            resource_ids=[str(read_id)],
            outcome="granted" if row is not None else "denied",
        )
    if row is None:
        raise NotFound("no such read within what you may see")
    return _view(row)


def _view(row: Any) -> ReadView:
    return ReadView(read=row.body, expires_at=row.expires_at)


def _texts(plate: str) -> tuple[str, ...]:
    try:
        return searched_texts(plate)
    except ValueError as error:
        raise PlateMisspelt from error


def _cursor(row: Any) -> str:
    text = f"{row.captured_at.isoformat()}|{row.passage_id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _parse_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, passage_id = base64.urlsafe_b64decode(cursor).decode().split("|")
        return datetime.fromisoformat(at), UUID(passage_id)
    except (ValueError, binascii.Error) as error:
        raise Unprocessable("this cursor was not given out here", type="bad-cursor") from error
