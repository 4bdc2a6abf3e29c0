"""The officers' queue as a page: Persian, right to left, driven from the keyboard."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from payesh.kit.authorization import authorize
from payesh.kit.paging import Limit
from payesh.kit.principal import Principal
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.handlers import actions, reading
from payesh.tickets.handlers.law_reading import law_of, law_today
from payesh.tickets.pages.queue.cards import (
    OFFICER_CHOICES,
    CitationCard,
    RuleRejectionCard,
    card_of,
    citation_card,
)
from payesh.tickets.pages.rendering import page_templates
from payesh.tickets.pages.signed_in import page_reader

PURPOSE = "بررسی تخلف در صف مأموران"
"""What the page is for; a person confirms it, or states another, when signing in."""

router = APIRouter(prefix="/queue", include_in_schema=False)

Reader = Annotated[Principal, Depends(page_reader(actions.READ.scope, resource="queue"))]
Counter = Annotated[Principal, Depends(authorize(actions.LIST.scope, resource="queue"))]
Partial = Annotated[str | None, Header(alias="X-Partial")]

_templates = page_templates(__file__)


class Waiting(BaseModel):
    claimable: int


@router.get("")
async def queue_page(
    dependencies: DependenciesHere,
    principal: Reader,
    limit: Limit = 50,
    partial: Partial = None,
) -> HTMLResponse:
    """The list and the first draft; with `X-Partial` the list alone."""
    items = await _cards(dependencies, principal, limit)
    if partial:
        return _render(dependencies, principal, "_list.html", items=items, selected=None)
    selected: CitationCard | None = None
    if items:
        first = await reading.read_citation(dependencies, principal, UUID(items[0].id))
        selected = citation_card(first, law_of(dependencies, first), principal.subject)
    return await _whole_page(dependencies, principal, items, selected)


@router.get("/count")
async def count(dependencies: DependenciesHere, principal: Counter) -> Waiting:
    """How many drafts wait; no personal data, so the page may ask often."""
    return Waiting(claimable=await reading.count_claimable(dependencies, principal))


@router.get("/{citation_id}")
async def citation_page(
    dependencies: DependenciesHere,
    principal: Reader,
    citation_id: UUID,
    partial: Partial = None,
) -> HTMLResponse:
    """One citation; with `X-Partial` without the list."""
    citation = await reading.read_citation(dependencies, principal, citation_id)
    card = card_of(citation, law_of(dependencies, citation), principal.subject)
    if partial:
        return _render(dependencies, principal, card.template, card=card)
    items = await _cards(dependencies, principal, 50)
    return await _whole_page(dependencies, principal, items, card)


async def _cards(
    dependencies: Dependencies, principal: Principal, limit: int
) -> list[CitationCard]:
    found = await reading.list_queue(dependencies, principal, limit=limit)
    return [citation_card(each, law_of(dependencies, each), principal.subject) for each in found]


async def _whole_page(
    dependencies: Dependencies,
    principal: Principal,
    items: list[CitationCard],
    selected: CitationCard | RuleRejectionCard | None,
) -> HTMLResponse:
    waiting = await reading.count_claimable(dependencies, principal)
    return _render(
        dependencies, principal, "queue.html", items=items, selected=selected, waiting=waiting
    )


def _render(
    dependencies: Dependencies, principal: Principal, template: str, **values: Any
) -> HTMLResponse:
    body = _templates.get_template(template).render(
        officer=principal.subject,
        may_decide=actions.CLAIM.scope in principal.scopes,
        law=law_today(dependencies),
        reasons=OFFICER_CHOICES,
        **values,
    )
    return HTMLResponse(body, headers={"Cache-Control": "no-store"})
