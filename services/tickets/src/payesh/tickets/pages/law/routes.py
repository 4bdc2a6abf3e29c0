"""Pages of the law: the list of editions, and one edition with what it changes."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from payesh.kit.page_reader import page_reader
from payesh.kit.paging import Limit
from payesh.kit.principal import Principal
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.domain.jalali_day import jalali_text
from payesh.tickets.domain.law_edition import EditionState
from payesh.tickets.handlers import law_keeping, law_reading
from payesh.tickets.pages.law.cards import (
    change_card,
    edition_card,
    in_force_cards,
    remark_text,
    rows_cards,
)
from payesh.tickets.pages.rendering import page_templates

PURPOSE = "نگهداری قانون و مبلغ‌ها"

router = APIRouter(prefix="/law", include_in_schema=False)

Reader = Annotated[Principal, Depends(page_reader(law_keeping.READ, resource="law"))]

_templates = page_templates(__file__)


@router.get("")
async def law_page(
    dependencies: DependenciesHere, principal: Reader, limit: Limit = 50
) -> HTMLResponse:
    """What is in force, and the newest editions."""
    book = await law_reading.law_book(dependencies)
    today = law_reading.today()
    editions = await law_keeping.list_editions(dependencies, limit=limit, after=None)
    return _page(
        "law.html",
        principal,
        in_force=in_force_cards(book.begins(), book.law_on(today)),
        editions=[edition_card(each) for each in editions],
        today=jalali_text(today),
    )


@router.get("/editions/{edition_id}")
async def edition_page(
    dependencies: DependenciesHere, principal: Reader, edition_id: UUID
) -> HTMLResponse:
    """One edition: its faults, its doubts, what it changes, and its rows."""
    found = await law_keeping.examine(dependencies, edition_id)
    standing = found.edition.standing
    may_write = law_keeping.WRITE in principal.scopes
    return _page(
        "edition.html",
        principal,
        edition=edition_card(found.edition),
        document=found.edition.document,
        faults=[remark_text(each) for each in found.faults],
        doubts=[remark_text(each) for each in found.doubts],
        changes=[change_card(each) for each in found.changes],
        parts=rows_cards(found.edition.document),
        may_change=may_write and standing.state is EditionState.DRAFT,
        may_give_back=may_write and standing.state is EditionState.PROPOSED,
        may_approve=law_keeping.APPROVE in principal.scopes
        and standing.state is EditionState.PROPOSED,
        wrote_it=principal.subject in standing.editors,
    )


def _page(template: str, principal: Principal, **values: Any) -> HTMLResponse:
    body = _templates.get_template(template).render(
        officer=principal.subject, may_write=law_keeping.WRITE in principal.scopes, **values
    )
    return HTMLResponse(body, headers={"Cache-Control": "no-store"})
