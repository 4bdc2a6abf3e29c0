"""Exempt vehicles over HTTP: proposed by one person, approved by another."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, TypeAdapter

from payesh.contracts.plate_text import parse
from payesh.contracts.vocabulary import VehicleClass
from payesh.kit.authorization import authorize
from payesh.kit.errors import Unprocessable
from payesh.kit.paging import Cursor, Limit, Text, UtcTime, decode_cursor, next_cursor
from payesh.kit.principal import Principal
from payesh.tickets.adapters.exemptions import StoredExemption
from payesh.tickets.api.citation_view import CitationView, view
from payesh.tickets.api.citations import REFUSED
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.api.supervision import NoteBody
from payesh.tickets.domain.exemption import Exempted, ExemptionState
from payesh.tickets.domain.jalali_day import jalali_of, jalali_text
from payesh.tickets.handlers import actions, exempting
from payesh.tickets.jalali import JalaliText

router = APIRouter(prefix="/v1/exemptions", tags=["exemptions"])
of_citations = APIRouter(prefix="/v1/citations", tags=["exemptions"])

Supervisor = Annotated[
    Principal,
    Depends(authorize(actions.READ_EXEMPTION.scope, resource="exemptions", personal=True)),
]
_after = TypeAdapter(tuple[UtcTime, UUID])

_REFUSED: dict[int | str, dict[str, Any]] = {
    409: {"description": "The exemption's state does not allow it; `type` is the reason."}
}
County = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class ExemptionBody(BaseModel):
    """A vehicle by its plate in any spelling, exempt from `first_day` to `last_day`, both included
    and a year apart at most. Without `county` it is exempt in the whole province, without
    `vehicle_class` whatever class is observed."""

    plate: Annotated[Text, Field(min_length=1, max_length=40)]
    county: County | None = None
    vehicle_class: VehicleClass | None = None
    first_day: JalaliText
    last_day: JalaliText
    reason: Annotated[Text, Field(min_length=3, max_length=500)]
    legal_basis: Annotated[Text, Field(min_length=3, max_length=300)]

    def about(self) -> Exempted:
        """Raises Unprocessable, which does not repeat the plate."""
        plate = parse(self.plate)
        if plate is None:
            raise Unprocessable("the plate is no car plate: two digits, a letter, five digits")
        return Exempted(
            plate=plate.text,
            county=self.county,
            vehicle_class=self.vehicle_class,
            first=jalali_of(self.first_day),
            last=jalali_of(self.last_day),
            reason=self.reason,
            legal_basis=self.legal_basis,
        )


class ExemptionView(BaseModel):
    """`uses` counts the drafts that were held for it; `note` is why it was refused or ended."""

    exemption_id: UUID
    state: ExemptionState
    plate: str
    county: str | None
    vehicle_class: str | None
    first_day: str
    last_day: str
    reason: str
    legal_basis: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    ended_by: str | None
    ended_at: datetime | None
    note: str | None
    uses: int


class UseView(BaseModel):
    """A draft that was held; the last three are null unless the exemption was set aside for it."""

    citation_id: UUID
    used_at: datetime
    set_aside_by: str | None
    set_aside_at: datetime | None
    note: str | None


class ExemptionRead(BaseModel):
    exemption: ExemptionView
    held: Annotated[list[UseView], Field(description="At most 200, the newest first.")]


class ExemptionPage(BaseModel):
    items: list[ExemptionView]
    next: str | None


@router.get("")
async def list_exemptions(
    dependencies: DependenciesHere, principal: Supervisor, limit: Limit = 50, cursor: Cursor = None
) -> ExemptionPage:
    """Exemptions of your counties and of the whole province, the newest first."""
    found = await exempting.list_exemptions(
        dependencies, principal, limit=limit, after=decode_cursor(cursor, _after)
    )
    following = next_cursor(found, limit, lambda each: (each.proposed_at, each.exemption_id))
    return ExemptionPage(items=[exemption_view(each) for each in found], next=following)


@router.post("", status_code=201)
async def propose_exemption(
    dependencies: DependenciesHere, principal: Supervisor, body: ExemptionBody
) -> ExemptionView:
    """Propose an exemption. It holds nothing until a second person has approved it."""
    return exemption_view(await exempting.propose(dependencies, principal, body.about()))


@router.get("/{exemption_id}")
async def read_exemption(
    dependencies: DependenciesHere, principal: Supervisor, exemption_id: UUID
) -> ExemptionRead:
    """One exemption, with the drafts that were held for it."""
    found, held = await exempting.read_exemption(dependencies, principal, exemption_id)
    return ExemptionRead(
        exemption=exemption_view(found),
        held=[
            UseView(
                citation_id=each.citation_id,
                used_at=each.used_at,
                set_aside_by=each.set_aside_by,
                set_aside_at=each.set_aside_at,
                note=each.note,
            )
            for each in held
        ],
    )


@router.post("/{exemption_id}/approve", responses=_REFUSED)
async def approve_exemption(
    dependencies: DependenciesHere, principal: Supervisor, exemption_id: UUID
) -> ExemptionView:
    """Put it in force. Nobody approves what they proposed."""
    return exemption_view(await exempting.approve(dependencies, principal, exemption_id))


@router.post("/{exemption_id}/refuse", responses=_REFUSED)
async def refuse_exemption(
    dependencies: DependenciesHere, principal: Supervisor, exemption_id: UUID, body: NoteBody
) -> ExemptionView:
    """Refuse a proposed one, or take your own back."""
    return exemption_view(await exempting.refuse(dependencies, principal, exemption_id, body.note))


@router.post("/{exemption_id}/end", responses=_REFUSED)
async def end_exemption(
    dependencies: DependenciesHere, principal: Supervisor, exemption_id: UUID, body: NoteBody
) -> ExemptionView:
    """End one before its last day; what it holds already stays held."""
    return exemption_view(await exempting.end(dependencies, principal, exemption_id, body.note))


@of_citations.post("/{citation_id}/set-exemption-aside", responses=REFUSED)
async def set_exemption_aside(
    dependencies: DependenciesHere, principal: Supervisor, citation_id: UUID, body: NoteBody
) -> CitationView:
    """Let a held draft be issued although its vehicle is exempt."""
    return view(await exempting.set_aside(dependencies, principal, citation_id, body.note))


def exemption_view(found: StoredExemption) -> ExemptionView:
    about, standing = found.about, found.standing
    return ExemptionView(
        exemption_id=found.exemption_id,
        state=standing.state,
        plate=about.plate,
        county=about.county,
        vehicle_class=about.vehicle_class,
        first_day=jalali_text(about.first),
        last_day=jalali_text(about.last),
        reason=about.reason,
        legal_basis=about.legal_basis,
        proposed_by=standing.proposed_by,
        proposed_at=found.proposed_at,
        decided_by=standing.decided_by,
        decided_at=found.decided_at,
        ended_by=standing.ended_by,
        ended_at=standing.ended_at,
        note=standing.note,
        uses=found.uses,
    )
