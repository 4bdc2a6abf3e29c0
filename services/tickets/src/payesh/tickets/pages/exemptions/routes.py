"""Exempt vehicles as a page: the list, a proposal, and drafts that are held."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from pydantic import TypeAdapter

from payesh.contracts.vocabulary import VehicleClass
from payesh.kit.page_reader import page_reader
from payesh.kit.paging import Cursor, Limit, UtcTime, decode_cursor, next_cursor
from payesh.kit.principal import Principal
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.domain.jalali_day import jalali_text
from payesh.tickets.handlers import actions, exempting, law_reading
from payesh.tickets.pages.exemptions.cards import exemption_card, held_card
from payesh.tickets.pages.rendering import page_templates
from payesh.tickets.pages.wording import word, words

PURPOSE = "نگهداری فهرست خودروهای معاف"

router = APIRouter(prefix="/exemptions", include_in_schema=False)

Reader = Annotated[
    Principal, Depends(page_reader(actions.LIST_EXEMPTIONS.scope, resource="exemptions"))
]

_templates = page_templates(__file__)
_after = TypeAdapter(tuple[UtcTime, UUID])


@router.get("")
async def exemptions_page(
    dependencies: DependenciesHere, principal: Reader, limit: Limit = 50, cursor: Cursor = None
) -> HTMLResponse:
    """The newest exemptions within the reader's counties, or those behind `cursor`, and what is
    held for them."""
    after = decode_cursor(cursor, _after)
    found = await exempting.list_exemptions(dependencies, principal, limit=limit, after=after)
    held = await exempting.held_drafts(dependencies, principal, limit=limit)
    today, allowed = law_reading.today(), principal.bounds.counties
    counties = {
        name: text for name, text in words("counties").items() if allowed is None or name in allowed
    }
    body = _templates.get_template("exemptions.html").render(
        officer=principal.subject,
        exemptions=[exemption_card(each, principal.subject, today) for each in found],
        held=[held_card(each) for each in held],
        is_first=cursor is None,
        following=next_cursor(found, limit, lambda each: (each.proposed_at, each.exemption_id)),
        limit=limit,
        today=jalali_text(today),
        counties=counties,
        classes={each.value: word("vehicles", each) for each in VehicleClass},
        may_reach_all=allowed is None,
        may_propose=principal.bounds.road_classes is None,
    )
    return HTMLResponse(body, headers={"Cache-Control": "no-store"})
