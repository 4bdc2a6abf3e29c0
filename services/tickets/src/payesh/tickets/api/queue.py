"""The officers' queue as a page: Persian, right to left, driven from the keyboard."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel

from payesh.kit.authorization import Principal, authorize
from payesh.kit.errors import Problem
from payesh.kit.paging import Limit
from payesh.tickets.domain.law import LawTable
from payesh.tickets.domain.plate_text import persian_digits
from payesh.tickets.handlers.decisions import Desk
from payesh.tickets.presentation import OFFICER_CHOICES, CitationCard, card_of, citation_card

PURPOSE = "بررسی تخلف در صف مأموران"
"""Recorded with each read from this page: it serves no other purpose."""

_TEMPLATES = Path(__file__).parents[1] / "templates"
_authorized = authorize("citations:read", resource="queue", personal=True)


async def page_reader(request: Request) -> Principal:
    """As `authorize`, but who has no session with a purpose is sent to sign in for this page's."""
    try:
        return await _authorized(request, None)
    except Problem as problem:
        wants_page = "text/html" in request.headers.get("accept", "")
        if not wants_page or problem.type not in ("unauthorized", "purpose-required"):
            raise
        query = urlencode({"next": request.url.path, "purpose": PURPOSE})
        raise Problem(
            303, "sign-in", "See other", headers={"Location": f"/sign-in?{query}"}
        ) from None


page_reader.payesh_scope = "citations:read"  # type: ignore[attr-defined]
Reader = Annotated[Principal, Depends(page_reader)]
Counter = Annotated[Principal, Depends(authorize("citations:read", resource="queue"))]
Partial = Annotated[str | None, Header(alias="X-Partial")]


class Waiting(BaseModel):
    claimable: int


def queue_router(desk: Desk, law: LawTable) -> APIRouter:
    router = APIRouter(prefix="/queue", include_in_schema=False)
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    templates.filters["fa"] = lambda value: persian_digits(str(value))

    def render(template: str, principal: Principal, **values: Any) -> HTMLResponse:
        body = templates.get_template(template).render(
            officer=principal.subject,
            may_decide="citations:decide" in principal.scopes,
            law=law,
            reasons=OFFICER_CHOICES,
            **values,
        )
        return HTMLResponse(body, headers={"Cache-Control": "no-store"})

    async def cards(principal: Principal, limit: int) -> list[CitationCard]:
        found = await desk.queue(principal, limit=limit)
        return [citation_card(each, law, principal.subject) for each in found]

    @router.get("")
    async def queue_page(
        principal: Reader, limit: Limit = 50, partial: Partial = None
    ) -> HTMLResponse:
        """The list and the first draft; with `X-Partial` the list alone."""
        items = await cards(principal, limit)
        if partial:
            return render("_list.html", principal, items=items, selected=None)
        selected = None
        if items:
            first = await desk.read(principal, UUID(items[0].id))
            selected = citation_card(first, law, principal.subject)
        waiting = await desk.count_claimable(principal)
        return render("queue.html", principal, items=items, selected=selected, waiting=waiting)

    @router.get("/count")
    async def count(principal: Counter) -> Waiting:
        """How many drafts wait; no personal data, so the page may ask often."""
        return Waiting(claimable=await desk.count_claimable(principal))

    @router.get("/{citation_id}")
    async def citation_page(
        principal: Reader, citation_id: UUID, partial: Partial = None
    ) -> HTMLResponse:
        """One citation; with `X-Partial` without the list."""
        citation = await desk.read(principal, citation_id)
        card = card_of(citation, law, principal.subject)
        if partial:
            return render(card.template, principal, card=card)
        items = await cards(principal, 50)
        waiting = await desk.count_claimable(principal)
        return render("queue.html", principal, items=items, selected=card, waiting=waiting)

    return router
