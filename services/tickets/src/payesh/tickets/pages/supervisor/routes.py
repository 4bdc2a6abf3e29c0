"""The desk as its supervisor sees it: one page of figures, with the lifting of suspensions."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from payesh.kit.page_reader import page_reader
from payesh.kit.principal import Principal
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.handlers import actions, overseeing
from payesh.tickets.pages.rendering import page_templates
from payesh.tickets.pages.supervisor.cards import oversight_card

PURPOSE = "سرپرستی میز بررسی تخلف‌ها"

router = APIRouter(prefix="/supervisor", include_in_schema=False)

Reader = Annotated[Principal, Depends(page_reader(actions.SUPERVISE.scope, resource="supervisor"))]

_templates = page_templates(__file__)


@router.get("")
async def supervisor_page(dependencies: DependenciesHere, principal: Reader) -> HTMLResponse:
    """Backlog, ages, holds, throughput, second looks and suspensions within the reader's bounds."""
    found = await overseeing.oversee(dependencies, principal)
    body = _templates.get_template("supervisor.html").render(
        card=oversight_card(found), officer=principal.subject
    )
    return HTMLResponse(body, headers={"Cache-Control": "no-store"})
