"""The officers' queue as a page: Persian, right to left, driven from the keyboard."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from payesh.kit.authorization import authorize
from payesh.kit.errors import Unprocessable
from payesh.kit.page_reader import page_reader
from payesh.kit.paging import Limit, Text
from payesh.kit.principal import Principal
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.law import LawTable
from payesh.tickets.handlers import actions, reading, searching
from payesh.tickets.handlers.law_reading import law_book, law_today
from payesh.tickets.jalali import jalali_day
from payesh.tickets.pages.queue.cards import (
    OFFICER_CHOICES,
    CitationCard,
    RuleRejectionCard,
    card_of,
    citation_card,
)
from payesh.tickets.pages.queue.corrections import KEYPAD
from payesh.tickets.pages.queue.searching import wanted_of
from payesh.tickets.pages.rendering import page_templates
from payesh.tickets.pages.wording import word

PURPOSE = "بررسی تخلف در صف مأموران"
"""What the page is for; a person confirms it, or states another, when signing in."""

router = APIRouter(prefix="/queue", include_in_schema=False)

Reader = Annotated[Principal, Depends(page_reader(actions.READ.scope, resource="queue"))]
Counter = Annotated[Principal, Depends(authorize(actions.LIST.scope, resource="queue"))]
Partial = Annotated[str | None, Header(alias="X-Partial")]

_templates = page_templates(__file__)
_MOST_FOUND = 50


class Waiting(BaseModel):
    """`queued` are the ids of the list; `open_state` is that of the citation that is open."""

    claimable: int
    corrections: int
    queued: list[UUID]
    open_state: str | None
    open_is_mine: bool
    open_is_priced: bool


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
        return await _render(dependencies, principal, "_list.html", items=items, selected=None)
    selected: CitationCard | None = None
    if items:
        first = await reading.read_citation(dependencies, principal, UUID(items[0].id))
        selected = citation_card(first, await _law_of(dependencies, first), principal.subject)
    return await _whole_page(dependencies, principal, items, selected)


@router.get("/count")
async def count(
    dependencies: DependenciesHere,
    principal: Counter,
    limit: Limit = 50,
    opened: Annotated[UUID | None, Query(alias="open")] = None,
) -> Waiting:
    """What changed since; no personal data, so the page may ask often."""
    found = await reading.pulse(dependencies, principal, limit=limit, open_id=opened)
    return Waiting(
        claimable=found.claimable,
        corrections=found.corrections,
        queued=list(found.queued),
        open_state=found.open_state,
        open_is_mine=found.open_is_mine,
        open_is_priced=found.open_is_priced,
    )


@router.get("/search")
async def search_page(
    dependencies: DependenciesHere,
    principal: Reader,
    asked: Annotated[Text, Query(alias="q", max_length=90)] = "",
    first: Annotated[Text, Query(max_length=20)] = "",
    last: Annotated[Text, Query(max_length=20)] = "",
    mine: bool = False,
) -> HTMLResponse:
    """The citations that are found, as a part of the page; or why nothing was looked for."""
    try:
        wanted = wanted_of(asked, first, last, principal.subject if mine else None)
        found = await searching.search_citations(dependencies, principal, wanted, limit=_MOST_FOUND)
    except Unprocessable as fault:
        told = word("search_faults", fault.type)
        return await _render(dependencies, principal, "_found.html", fault=told, items=[])
    book = await law_book(dependencies)
    items = [
        card_of(each, book.law_on(jalali_day(each.captured_at)), principal.subject)
        for each in found.items
    ]
    return await _render(
        dependencies,
        principal,
        "_found.html",
        fault=None,
        items=items,
        has_more=found.last is not None,
    )


@router.get("/{citation_id}")
async def citation_page(
    dependencies: DependenciesHere,
    principal: Reader,
    citation_id: UUID,
    partial: Partial = None,
) -> HTMLResponse:
    """One citation; with `X-Partial` without the list."""
    citation = await reading.read_citation(dependencies, principal, citation_id)
    card = card_of(citation, await _law_of(dependencies, citation), principal.subject)
    if partial:
        return await _render(dependencies, principal, card.template, card=card)
    items = await _cards(dependencies, principal, 50)
    return await _whole_page(dependencies, principal, items, card)


async def _cards(
    dependencies: Dependencies, principal: Principal, limit: int
) -> list[CitationCard]:
    found = await reading.list_queue(dependencies, principal, limit=limit)
    book = await law_book(dependencies)
    return [
        citation_card(each, book.law_on(jalali_day(each.captured_at)), principal.subject)
        for each in found
    ]


async def _law_of(dependencies: Dependencies, citation: StoredCitation) -> LawTable:
    """The table in force on the day of a citation's offence; it may have been replaced since the
    citation was priced."""
    return (await law_book(dependencies)).law_on(jalali_day(citation.captured_at))


async def _whole_page(
    dependencies: Dependencies,
    principal: Principal,
    items: list[CitationCard],
    selected: CitationCard | RuleRejectionCard | None,
) -> HTMLResponse:
    waiting = await reading.count_claimable(dependencies, principal)
    return await _render(
        dependencies, principal, "queue.html", items=items, selected=selected, waiting=waiting
    )


async def _render(
    dependencies: Dependencies, principal: Principal, template: str, **values: Any
) -> HTMLResponse:
    body = _templates.get_template(template).render(
        officer=principal.subject,
        may_decide=actions.CLAIM.scope in principal.scopes,
        may_supervise=actions.MAKE_VOID.scope in principal.scopes,
        law=await law_today(dependencies),
        reasons=OFFICER_CHOICES,
        letters=KEYPAD,
        **values,
    )
    return HTMLResponse(body, headers={"Cache-Control": "no-store"})
