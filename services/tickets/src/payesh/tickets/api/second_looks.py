"""Second looks over HTTP: decide again what another officer decided, without knowing how."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from payesh.kit.authorization import authorize
from payesh.kit.principal import Principal
from payesh.tickets.api.citation_view import CitationView, view
from payesh.tickets.api.citations import REFUSED, DecisionBody
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.handlers import actions, second_looking

router = APIRouter(prefix="/v1/second-looks", tags=["second looks"])

Officer = Annotated[
    Principal, Depends(authorize(actions.SECOND_LOOK.scope, resource="citations", personal=True))
]


@router.post("/next", responses={204: {"description": "Nothing waits that another decided."}})
async def take_next_look(
    dependencies: DependenciesHere, principal: Officer, response: Response
) -> CitationView | None:
    """Hold what is to be decided again next; it is shown as the draft that it was."""
    found = await second_looking.take_next(dependencies, principal)
    if found is None:
        response.status_code = 204
        return None
    return view(found)


@router.post("/{citation_id}/decide", status_code=204, responses=REFUSED)
async def decide_again(
    dependencies: DependenciesHere, principal: Officer, citation_id: UUID, body: DecisionBody
) -> None:
    """Decide again; the citation stays as it was decided, and the answer does not show how."""
    reason = body.reason if body.decision == "reject" else None
    await second_looking.decide(
        dependencies, principal, citation_id, plate=body.plate, reason=reason
    )
