"""Periods in which cameras only warn, over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from payesh.kit.authorization import authorize
from payesh.kit.paging import Limit, Text
from payesh.kit.principal import Principal
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.api.supervision import NoteBody
from payesh.tickets.domain.jalali_day import jalali_of, jalali_text
from payesh.tickets.domain.warning import WarningPeriod
from payesh.tickets.handlers import actions, warning
from payesh.tickets.jalali import JalaliText

router = APIRouter(prefix="/v1/warning-periods", tags=["warning periods"])

Supervisor = Annotated[
    Principal, Depends(authorize(actions.WARN.scope, resource="warning periods", personal=True))
]
_Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class WarningPeriodBody(BaseModel):
    """Days are Solar Hijri, in Tehran, both included; a year at most."""

    camera_id: _Id
    county: _Id
    first_day: JalaliText
    last_day: JalaliText
    reason: Annotated[Text, Field(min_length=3, max_length=500)]


class BegunPeriod(BaseModel):
    period_id: UUID


class WarningPeriodView(BaseModel):
    """The last three are null unless it was ended before its last day."""

    period_id: UUID
    camera_id: str
    county: str
    first_day: str
    last_day: str
    reason: str
    begun_by: str
    begun_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    note: str | None


class WarningPeriodPage(BaseModel):
    items: Annotated[list[WarningPeriodView], Field(description="Those that end last first.")]


@router.get("")
async def list_warning_periods(
    dependencies: DependenciesHere, principal: Supervisor, limit: Limit = 50
) -> WarningPeriodPage:
    """Periods in which cameras only warn, warned or will warn."""
    found = await warning.periods(dependencies, principal, limit=limit)
    return WarningPeriodPage(
        items=[
            WarningPeriodView(
                period_id=each.period_id,
                camera_id=each.about.camera_id,
                county=each.about.county,
                first_day=jalali_text(each.about.first),
                last_day=jalali_text(each.about.last),
                reason=each.about.reason,
                begun_by=each.begun_by,
                begun_at=each.begun_at,
                ended_at=each.ended_at,
                ended_by=each.ended_by,
                note=each.note,
            )
            for each in found
        ]
    )


@router.post("", status_code=201)
async def begin_warning_period(
    dependencies: DependenciesHere, principal: Supervisor, body: WarningPeriodBody
) -> BegunPeriod:
    """Let a camera only warn of what it captures on these days. What was drafted before and is not
    final yet is warned of as well."""
    about = WarningPeriod(
        body.camera_id,
        body.county,
        jalali_of(body.first_day),
        jalali_of(body.last_day),
        body.reason,
    )
    return BegunPeriod(period_id=await warning.begin(dependencies, principal, about))


@router.post("/{period_id}/end", status_code=204)
async def end_warning_period(
    dependencies: DependenciesHere, principal: Supervisor, period_id: UUID, body: NoteBody
) -> None:
    """End a period before its last day, with the reason."""
    await warning.end(dependencies, principal, period_id, body.note)
