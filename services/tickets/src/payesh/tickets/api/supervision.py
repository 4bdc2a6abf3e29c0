"""Drafts returned to a supervisor and given back, and issued citations voided."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from payesh.kit.authorization import authorize
from payesh.kit.paging import Text
from payesh.kit.principal import Principal
from payesh.tickets.api.citation_view import CitationView, view
from payesh.tickets.api.citations import REFUSED, Officer
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.domain.supervision import ANY_SUPERVISOR
from payesh.tickets.handlers import actions, supervising

router = APIRouter(prefix="/v1/citations", tags=["citations"])

Supervisor = Annotated[
    Principal, Depends(authorize(actions.MAKE_VOID.scope, resource="citations", personal=True))
]
Note = Annotated[Text, Field(min_length=3, max_length=500)]


class ReturnBody(BaseModel):
    """`note` is why; `to` is a person's subject, or any supervisor."""

    note: Note
    to: Annotated[Text, Field(min_length=1, max_length=128)] = ANY_SUPERVISOR


class NoteBody(BaseModel):
    """`note` is the answer to the officer, or the reason for voiding."""

    note: Note


@router.post("/{citation_id}/return", responses=REFUSED)
async def return_citation(
    dependencies: DependenciesHere, principal: Officer, citation_id: UUID, body: ReturnBody
) -> CitationView:
    """Return a claimed draft to a supervisor instead of deciding."""
    found = await supervising.return_draft(
        dependencies, principal, citation_id, to=body.to, note=body.note
    )
    return view(found)


@router.post("/{citation_id}/give-back", responses=REFUSED)
async def give_back_citation(
    dependencies: DependenciesHere, principal: Supervisor, citation_id: UUID, body: NoteBody
) -> CitationView:
    """Give a returned draft back to the desk; it comes to its officer first."""
    return view(await supervising.give_back(dependencies, principal, citation_id, body.note))


@router.post("/{citation_id}/void", responses=REFUSED)
async def void_citation(
    dependencies: DependenciesHere, principal: Supervisor, citation_id: UUID, body: NoteBody
) -> CitationView:
    """Void an issued citation; its number is not used again."""
    return view(await supervising.make_void(dependencies, principal, citation_id, body.note))
