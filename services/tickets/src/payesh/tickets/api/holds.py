"""Holds of drafts over HTTP: what a supervisor sets aside."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from payesh.tickets.api.citation_view import CitationView, view
from payesh.tickets.api.citations import REFUSED
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.api.supervision import Note, Supervisor
from payesh.tickets.domain.holds import HoldKind
from payesh.tickets.handlers import holding

router = APIRouter(prefix="/v1/citations", tags=["citations"])


class AsideBody(BaseModel):
    """`note` is why it is issued in spite of the hold."""

    kind: Annotated[HoldKind, Field(description="The hold that is set aside.")]
    note: Note


@router.post("/{citation_id}/set-hold-aside", responses=REFUSED)
async def set_hold_aside(
    dependencies: DependenciesHere, principal: Supervisor, citation_id: UUID, body: AsideBody
) -> CitationView:
    """Let a held draft be issued in spite of one of its holds."""
    return view(await holding.set_aside(dependencies, principal, citation_id, body.kind, body.note))
