"""The own case, for a browser that has its session: read, objected to, paid."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Header, Path, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from payesh.kit.errors import Conflict, PayeshError, Problem
from payesh.kit.paging import ShortText
from payesh.kit.quotas import Quotas
from payesh.tickets.adapters.owner_sessions import OwnerSession
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.api.streaming import streamed
from payesh.tickets.domain.objection import Grounds
from payesh.tickets.evidence.attachments import (
    MOST,
    MOST_BYTES,
    Attachment,
    AttachmentRefused,
    checked_attachment,
)
from payesh.tickets.handlers.objecting import Written
from payesh.tickets.handlers.owner import acting, case, entering
from payesh.tickets.pages.owner.answers import (
    PATH,
    guarded,
    message,
    sent_to,
    session_cookie,
    shown,
)
from payesh.tickets.pages.owner.cards import grounds_choices, own_case_card

CASE = f"{PATH}/case"
router = APIRouter(prefix=CASE, include_in_schema=False)

BODY_LIMITS = {f"{CASE}/objection": MOST * MOST_BYTES + 64 * 1024}
_STATEMENT = range(3, 4001)
RangeHeader = Annotated[str | None, Header(alias="Range", max_length=200)]
Csrf = Annotated[ShortText, Form()]


async def own_session(request: Request, dependencies: DependenciesHere) -> OwnerSession:
    """The session of the browser's cookie. Raises Problem: without one the number is asked for."""
    cookie = session_cookie(dependencies.owner_url).read(request)
    session = await entering.session_of(dependencies, cookie)
    if session is None:
        raise Problem(303, "sign-in", "See other", headers={"Location": f"{PATH}?ended=1"})
    quotas: Quotas = request.app.state.quotas
    quotas.requests.take(f"owner:{session.citation_id}")
    return session


Own = Annotated[OwnerSession, Depends(own_session)]


@router.get("")
async def own_case(dependencies: DependenciesHere, own: Own) -> Response:
    """The case: what is alleged, the evidence, what is owed until when, and its history."""
    try:
        found = await case.read_case(dependencies, own.citation_id)
    except Problem:
        return message("no-case")
    return shown(
        "case.html",
        card=own_case_card(found),
        csrf=own.csrf_token,
        grounds=grounds_choices(),
        most=MOST,
    )


@router.get("/pictures/{number}")
async def own_picture(
    dependencies: DependenciesHere, own: Own, number: Annotated[int, Path(ge=0, le=15)]
) -> Response:
    """A picture of the vehicle; what belongs to others is masked."""
    found = await case.read_picture(dependencies, own.citation_id, number)
    return guarded(await streamed(dependencies.store, found))


@router.get("/clip")
async def own_clip(
    dependencies: DependenciesHere, own: Own, range_header: RangeHeader = None
) -> Response:
    """The masked copy of the clip, in ranges."""
    found = await case.read_clip(dependencies, own.citation_id)
    return guarded(await streamed(dependencies.store, found, range_header))


@router.get("/notice.pdf")
async def own_notice(dependencies: DependenciesHere, own: Own) -> Response:
    """The notice, to be saved."""
    found = await case.read_notice(dependencies, own.citation_id)
    answer = guarded(await streamed(dependencies.store, found))
    answer.headers["Content-Disposition"] = 'attachment; filename="notice.pdf"'
    return answer


@router.post("/objection")
async def object_to_own(request: Request, dependencies: DependenciesHere, own: Own) -> Response:
    """An objection with its reason, text and files."""
    try:
        async with request.form(max_files=MOST + 1, max_fields=8, max_part_size=64 * 1024) as form:
            if not own.has_csrf(_text(form, "csrf")):
                return message("stale", back=CASE)
            written = await _written(form)
    except HTTPException:  # too long, or too many parts
        return message("attachment-size", back=CASE)
    except AttachmentRefused as refused:
        return message(f"attachment-{refused.reason}", back=CASE)
    if written is None:
        return message("incomplete", back=CASE)
    try:
        await acting.object_to_own(dependencies, own.citation_id, written)
    except Conflict as conflict:
        return message(conflict.type, back=CASE)
    return sent_to(CASE)


@router.post("/payment")
async def pay_own(dependencies: DependenciesHere, own: Own, csrf: Csrf = "") -> Response:
    """On the way to the gateway: a page that names where it leads, for a form's answer must not
    lead to another site."""
    if not own.has_csrf(csrf):
        return message("stale", back=CASE)
    try:
        begun = await acting.begin_payment(dependencies, own.citation_id)
    except Conflict:
        return message("nothing-owed", back=CASE)
    except PayeshError:
        return message("gateway-away", back=CASE)
    return shown("gateway.html", address=begun.address, back=CASE)


@router.post("/end")
async def end_own(
    request: Request, dependencies: DependenciesHere, own: Own, csrf: Csrf = ""
) -> Response:
    """The session is over."""
    if not own.has_csrf(csrf):
        return message("stale", back=CASE)
    cookie = session_cookie(dependencies.owner_url)
    await entering.end(dependencies, cookie.read(request))
    answer = sent_to(PATH)
    cookie.delete(answer)
    return answer


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


async def _written(form: FormData) -> Written | None:
    """None where reason or text is missing. Raises AttachmentRefused."""
    grounds, statement = _text(form, "grounds"), _text(form, "statement").strip()
    if grounds not in set(Grounds) or len(statement) not in _STATEMENT or "\0" in statement:
        return None
    files = [each for each in form.getlist("files") if isinstance(each, UploadFile)]
    sent = [each for each in files if each.filename or each.size]
    if len(sent) > MOST:
        raise AttachmentRefused("size")
    attachments: list[Attachment] = []
    for each in sent:
        body = await each.read(MOST_BYTES + 1)
        attachments.append(await asyncio.to_thread(checked_attachment, body))
    return Written(Grounds(grounds), statement, attachments=tuple(attachments))
