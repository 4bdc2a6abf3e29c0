"""`/v1/agencies`: who employs officers and runs clients."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from payesh.access.adapters.agencies import StoredAgency
from payesh.access.api.dependencies import DependenciesHere
from payesh.access.api.rights import Body, Name, id_in
from payesh.access.handlers import agencies
from payesh.contracts.values import Identifier
from payesh.kit.authorization import authorize
from payesh.kit.paging import Cursor, Limit, next_cursor
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/agencies", tags=["agencies"])
Writer = Annotated[Principal, Depends(authorize(agencies.WRITE, resource="agencies"))]


class NewAgency(Body):
    agency_id: Identifier
    name: Name


class AgencyView(BaseModel):
    agency_id: str
    name: str
    enabled: bool
    created_at: datetime

    @classmethod
    def of(cls, agency: StoredAgency) -> "AgencyView":
        return cls(
            agency_id=agency.agency_id,
            name=agency.name,
            enabled=agency.enabled,
            created_at=agency.created_at,
        )


class AgencyChange(Body):
    enabled: bool


class AgencyPage(BaseModel):
    items: list[AgencyView]
    next: str | None


@router.post("", status_code=201, responses={409: {"description": "The agency exists."}})
async def register_agency(
    body: NewAgency, dependencies: DependenciesHere, principal: Writer
) -> AgencyView:
    """Register an agency; its people and clients come after."""
    return AgencyView.of(
        await agencies.register_agency(dependencies, principal, body.agency_id, body.name)
    )


@router.get("", dependencies=[Depends(authorize(agencies.READ, resource="agencies"))])
async def list_agencies(
    dependencies: DependenciesHere, cursor: Cursor = None, limit: Limit = 50
) -> AgencyPage:
    """Agencies, by id."""
    found = await agencies.list_agencies(dependencies, id_in(cursor), limit)
    following = next_cursor(found, limit, lambda each: (each.agency_id,))
    return AgencyPage(items=[AgencyView.of(each) for each in found], next=following)


@router.patch("/{agency_id}")
async def change_agency(
    agency_id: Identifier, body: AgencyChange, dependencies: DependenciesHere, principal: Writer
) -> AgencyView:
    """A disabled agency's people and clients get no tokens any more."""
    return AgencyView.of(
        await agencies.switch_agency(dependencies, principal, agency_id, enabled=body.enabled)
    )
