"""Corrected plates over HTTP: one officer corrects, another reads without seeing that reading."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import AfterValidator, BaseModel, Field

from payesh.contracts.plate_text import parse
from payesh.kit.authorization import authorize
from payesh.kit.paging import Text
from payesh.kit.principal import Principal
from payesh.tickets.api.citation_view import CitationView, view
from payesh.tickets.api.citations import REFUSED
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.api.supervision import Note
from payesh.tickets.handlers import actions, correcting

router = APIRouter(prefix="/v1/corrections", tags=["corrections"])
of_citations = APIRouter(prefix="/v1/citations", tags=["corrections"])

Officer = Annotated[
    Principal, Depends(authorize(actions.CORRECT_PLATE.scope, resource="citations", personal=True))
]


def _car_plate(written: str) -> str:
    parts = parse(written)
    if parts is None:
        raise ValueError("this is no plate: two digits, a letter, three digits, two digits")
    return parts.text


WholePlate = Annotated[Text, Field(min_length=8, max_length=40), AfterValidator(_car_plate)]
"""A whole plate in any spelling; canonical text once it is read."""


class CorrectionBody(BaseModel):
    """`shot` is the picture that the plate is read from, null for the clip; `reason` is why the
    drafted one is wrong."""

    plate: WholePlate
    reason: Note
    shot: Annotated[int, Field(ge=0, le=99)] | None = None


class ReadingBody(BaseModel):
    plate: WholePlate


class DisputeBody(BaseModel):
    """`note` is why no plate can be read."""

    note: Note


@of_citations.post("/{citation_id}/correct-plate", responses=REFUSED)
async def correct_plate(
    dependencies: DependenciesHere, principal: Officer, citation_id: UUID, body: CorrectionBody
) -> CitationView:
    """Correct the plate of a claimed draft. It goes on when another officer has read the same."""
    found = await correcting.correct(
        dependencies,
        principal,
        citation_id,
        plate=body.plate,
        reason=body.reason,
        shot=body.shot,
    )
    return view(found)


@router.post("/next", responses={204: {"description": "None waits that another corrected."}})
async def take_next_correction(
    dependencies: DependenciesHere, principal: Officer, response: Response
) -> CitationView | None:
    """Hold the corrected plate that waits longest; the answer shows neither reading."""
    found = await correcting.take_next(dependencies, principal)
    if found is None:
        response.status_code = 204
        return None
    return view(found)


@router.post("/{citation_id}/claim", responses=REFUSED)
async def claim_correction(
    dependencies: DependenciesHere, principal: Officer, citation_id: UUID
) -> CitationView:
    """Hold one corrected plate for some minutes, or hold it on."""
    return view(await correcting.hold(dependencies, principal, citation_id))


@router.post("/{citation_id}/release", responses=REFUSED)
async def release_correction(
    dependencies: DependenciesHere, principal: Officer, citation_id: UUID
) -> CitationView:
    """Give it back unread."""
    return view(await correcting.release(dependencies, principal, citation_id))


@router.post("/{citation_id}/read", responses=REFUSED)
async def read_corrected_plate(
    dependencies: DependenciesHere, principal: Officer, citation_id: UUID, body: ReadingBody
) -> CitationView:
    """The plate as you read it. The same as the first officer's: the draft goes on with it.
    Another: it goes to a supervisor."""
    return view(await correcting.read_again(dependencies, principal, citation_id, body.plate))


@router.post("/{citation_id}/dispute", responses=REFUSED)
async def dispute_corrected_plate(
    dependencies: DependenciesHere, principal: Officer, citation_id: UUID, body: DisputeBody
) -> CitationView:
    """No plate can be read there: it goes to a supervisor, with the reason."""
    return view(await correcting.dispute(dependencies, principal, citation_id, body.note))
