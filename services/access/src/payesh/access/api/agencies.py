"""`/v1/agencies`."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from payesh.access import handlers
from payesh.access.adapters import agencies
from payesh.access.adapters.tables import Agency
from payesh.access.api.rights import Body, Name, id_in
from payesh.access.api.state import access_of
from payesh.contracts.values import Identifier
from payesh.kit.authorization import Principal, authorize
from payesh.kit.paging import Cursor, Limit, next_cursor

router = APIRouter(prefix="/v1/agencies", tags=["agencies"])
Writer = Annotated[Principal, Depends(authorize("agencies:write", resource="agencies"))]


class NewAgency(Body):
    agency_id: Identifier
    name: Name


class AgencyView(BaseModel):
    agency_id: str
    name: str
    enabled: bool
    created_at: datetime

    @classmethod
    def of(cls, row: Agency) -> "AgencyView":
        return cls(
            agency_id=row.agency_id,
            name=row.name,
            enabled=row.enabled,
            created_at=row.created_at,
        )


class AgencyChange(Body):
    enabled: bool


class AgencyPage(BaseModel):
    items: list[AgencyView]
    next: str | None


@router.post("", status_code=201, responses={409: {"description": "The agency exists."}})
async def register_agency(body: NewAgency, request: Request, principal: Writer) -> AgencyView:
    """Register an agency; its people and clients come after."""
    async with access_of(request).database.transaction() as session:
        row = await handlers.register_agency(
            session, principal, body.agency_id, body.name, datetime.now(UTC)
        )
    return AgencyView.of(row)


@router.get("", dependencies=[Depends(authorize("agencies:read", resource="agencies"))])
async def list_agencies(request: Request, cursor: Cursor = None, limit: Limit = 50) -> AgencyPage:
    """Agencies, by id."""
    async with access_of(request).database.transaction() as session:
        rows = await agencies.page(session, id_in(cursor), limit)
    following = next_cursor(rows, limit, lambda row: (row.agency_id,))
    return AgencyPage(items=[AgencyView.of(row) for row in rows], next=following)


@router.patch("/{agency_id}")
async def change_agency(
    agency_id: Identifier, body: AgencyChange, request: Request, principal: Writer
) -> AgencyView:
    """A disabled agency's people and clients get no tokens any more."""
    async with access_of(request).database.transaction() as session:
        row = await handlers.switch_agency(session, principal, agency_id, enabled=body.enabled)
    return AgencyView.of(row)
