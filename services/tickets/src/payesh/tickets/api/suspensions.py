"""Suspended cameras over HTTP."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from payesh.kit.authorization import authorize
from payesh.kit.paging import Limit
from payesh.kit.principal import Principal
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.api.supervision import NoteBody
from payesh.tickets.handlers import actions, overseeing

router = APIRouter(prefix="/v1/suspensions", tags=["suspensions"])

Supervisor = Annotated[
    Principal, Depends(authorize(actions.LIFT.scope, resource="suspensions", personal=True))
]
CameraId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class SuspensionView(BaseModel):
    """Of `looked` issued citations that were decided again, `wrongful` were rejected; the bounds
    are of that share at 95 %."""

    camera_id: str
    county: str
    began_at: datetime
    wrongful: int
    looked: int
    lower_bound: float
    upper_bound: float
    lifted_at: datetime | None
    lifted_by: str | None
    note: str | None


class SuspensionPage(BaseModel):
    items: Annotated[list[SuspensionView], Field(description="Lasting ones first.")]


@router.get("")
async def list_suspensions(
    dependencies: DependenciesHere, principal: Supervisor, limit: Limit = 50
) -> SuspensionPage:
    """Cameras that are or were suspended for their wrongful-citation rate."""
    found = await overseeing.list_suspensions(dependencies, principal, limit=limit)
    return SuspensionPage(
        items=[
            SuspensionView(
                camera_id=each.camera_id,
                county=each.county,
                began_at=each.began_at,
                wrongful=each.rate.wrongful,
                looked=each.rate.looked,
                lower_bound=each.rate.interval[0],
                upper_bound=each.rate.interval[1],
                lifted_at=each.lifted_at,
                lifted_by=each.lifted_by,
                note=each.note,
            )
            for each in found
        ]
    )


@router.post("/{camera_id}/lift", status_code=204)
async def lift_suspension(
    dependencies: DependenciesHere, principal: Supervisor, camera_id: CameraId, body: NoteBody
) -> None:
    """Let a camera's citations be issued again, with the reason; its rate begins anew."""
    await overseeing.lift(dependencies, principal, camera_id, body.note)
