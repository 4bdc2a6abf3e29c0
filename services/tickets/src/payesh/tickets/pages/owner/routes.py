"""The owner's page: number, code, then the own case. Nothing here asks for a token: who comes in is
the owner that the code was sent to."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from payesh.kit.client_address import client_address
from payesh.kit.paging import ShortText
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.owner_access import CODE_DIGITS, folded_code, folded_number
from payesh.tickets.handlers.owner import entering
from payesh.tickets.pages.owner import case_routes
from payesh.tickets.pages.owner.answers import (
    PATH,
    form_token,
    message,
    sent_to,
    session_cookie,
    shown,
)

router = APIRouter(prefix=PATH, include_in_schema=False)
of_case = case_routes.router

BODY_LIMITS = case_routes.BODY_LIMITS
_WHY = "an owner has no account: a code that was sent to the owner opens one citation"
PUBLIC_ROUTES = dict.fromkeys(
    (
        PATH,
        f"{PATH}/code",
        f"{PATH}/open",
        f"{PATH}/return",
        f"{PATH}/case",
        f"{PATH}/case/pictures/{{number}}",
        f"{PATH}/case/clip",
        f"{PATH}/case/notice.pdf",
        f"{PATH}/case/objection",
        f"{PATH}/case/payment",
        f"{PATH}/case/end",
    ),
    _WHY,
)

Number = Annotated[ShortText, Form()]
AskedNumber = Annotated[str, Query(alias="n", max_length=100)]


@router.get("")
async def ask_number(dependencies: DependenciesHere, number: AskedNumber = "") -> Response:
    """The number is asked for; links of messages and notices bring it along."""
    if not dependencies.owner_key:
        return message("absent")
    return _form(dependencies, "number.html", number=number, fault="")


@router.post("/code")
async def ask_code(
    request: Request,
    dependencies: DependenciesHere,
    number: Number = "",
    form: Annotated[ShortText, Form()] = "",
) -> Response:
    """A code is sent, if there is such a citation: the answer is the same."""
    if not dependencies.owner_key:
        return message("absent")
    if not form_token(dependencies.owner_url).matches(request, form):
        return message("stale")
    folded = folded_number(number)
    if folded is None:
        return _form(dependencies, "number.html", 422, number=number, fault="number")
    if not await entering.ask_for_code(dependencies, folded, _sender(request)):
        return message("asked-too-often", back=f"{PATH}/code?n={folded}")
    return sent_to(f"{PATH}/code", n=folded)


@router.get("/code")
async def type_code(dependencies: DependenciesHere, number: AskedNumber = "") -> Response:
    """The code is asked for."""
    folded = folded_number(number)
    if not dependencies.owner_key or folded is None:
        return sent_to(PATH)
    return _form(dependencies, "code.html", number=folded, fault="", digits=CODE_DIGITS)


@router.post("/open")
async def open_case(
    request: Request,
    dependencies: DependenciesHere,
    number: Number = "",
    code: Annotated[ShortText, Form()] = "",
    form: Annotated[ShortText, Form()] = "",
) -> Response:
    """The code opens the case. A wrong one, an unknown number and too many tries look alike."""
    if not dependencies.owner_key:
        return message("absent")
    if not form_token(dependencies.owner_url).matches(request, form):
        return message("stale")
    folded = folded_number(number)
    if folded is None:
        return sent_to(PATH)
    cookie = await entering.open_with_code(
        dependencies, folded, folded_code(code), _sender(request)
    )
    if cookie is None:
        return _form(
            dependencies, "code.html", 403, number=folded, fault="code", digits=CODE_DIGITS
        )
    answer = sent_to(f"{PATH}/case")
    session_cookie(dependencies.owner_url).set(answer, cookie)
    form_token(dependencies.owner_url).cookie.delete(answer)
    return answer


@router.get("/return")
async def returned() -> Response:
    """Where the gateway sends the browser back to: from another site, hence without the session's
    cookie, and without a word of the case."""
    return shown("returned.html", case=f"{PATH}/case")


def _form(
    dependencies: Dependencies, template: str, status_code: int = 200, **values: object
) -> Response:
    tokens = form_token(dependencies.owner_url)
    token = tokens.new()
    answer = shown(template, status_code, form=token, **values)
    tokens.set(answer, token)
    return answer


def _sender(request: Request) -> str:
    return client_address(request, request.app.state.settings.forwarded_hops)
