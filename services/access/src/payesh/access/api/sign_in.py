"""`/sign-in` and `/sign-out`: where a person gives the password."""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from payesh.access import metrics
from payesh.access.adapters import clients, people, secrets, sign_ins
from payesh.access.adapters.passwords import TooManyWaiting
from payesh.access.api.pages import page
from payesh.access.api.state import Access, access_of
from payesh.access.domain.passwords import PASSWORD_MAX_LENGTH
from payesh.access.domain.redirect_uris import origin

router = APIRouter(include_in_schema=False)

# Cookies know no ports: on one machine every service sees them, so they are named after access.
SIGN_IN_COOKIE = "payesh_access"
_FORM_COOKIE = "payesh_access_form"
_FORM_LIFETIME_S = 3600

Continue = Annotated[str, Query(alias="continue", max_length=4000)]


@router.get("/sign-in")
async def show_sign_in(request: Request, then: Continue = "") -> Response:
    return await _form(request, then)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    username: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=PASSWORD_MAX_LENGTH)] = "",
    form_token: Annotated[str, Form(max_length=200)] = "",
    then: Annotated[str, Form(alias="continue", max_length=4000)] = "",
) -> Response:
    access = access_of(request)
    if not _is_our_form(request, form_token):
        return await _form(request, then, error="expired", status_code=403)
    name = username.strip().casefold()
    try:
        cookie = await _try(request, access, name, password)
    except Throttled:
        metrics.sign_ins.labels("throttled").inc()
        return await _form(request, then, error="wait", username=username, status_code=429)
    except TooManyWaiting:
        metrics.sign_ins.labels("busy").inc()
        return await _form(request, then, error="busy", username=username, status_code=503)
    if cookie is None:
        metrics.sign_ins.labels("refused").inc()
        return await _form(request, then, error="wrong", username=username, status_code=401)
    metrics.sign_ins.labels("granted").inc()
    response = RedirectResponse(then if _is_ours(then) else "/sign-in?done=1", 303)
    _set_cookie(response, access, SIGN_IN_COOKIE, cookie, access.settings.sign_in_lifetime_s)
    response.delete_cookie(_FORM_COOKIE, path="/")
    return response


@router.get("/sign-out")
async def show_sign_out(request: Request) -> Response:
    return await _form(request, "", template="notice.html", notice="sign-out")


@router.post("/sign-out")
async def sign_out(
    request: Request, form_token: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    if not _is_our_form(request, form_token):
        return await show_sign_out(request)
    cookie = request.cookies.get(SIGN_IN_COOKIE)
    if cookie:
        async with access_of(request).database.transaction() as session:
            await sign_ins.end(session, cookie, datetime.now(UTC))
    response = page(request, "notice.html", notice="signed-out")
    response.delete_cookie(SIGN_IN_COOKIE, path="/")
    return response


class Throttled(Exception):
    """Too many failures of this account or from this address."""


async def _try(request: Request, access: Access, username: str, password: str) -> str | None:
    """The cookie of a new sign-in, None when refused. Raises Throttled, TooManyWaiting."""
    settings = access.settings
    now = datetime.now(UTC)
    async with access.database.transaction() as session:
        attempt = await sign_ins.reserve_attempt(
            session,
            username=username,
            address=_address(request, settings.forwarded_hops),
            throttle=settings.throttle,
            now=now,
        )
        if attempt is None:
            raise Throttled
        # A NUL byte is refused by PostgreSQL, and no username has one.
        person = await people.who_may_sign_in(session, username.replace("\x00", " "))
    if not await access.passwords.matches(person.password_hash if person else None, password):
        return None
    if person is None:
        return None
    async with access.database.transaction() as session:
        return await sign_ins.succeed(
            session,
            person=person,
            attempt=attempt,
            lifetime=timedelta(seconds=settings.sign_in_lifetime_s),
            now=now,
        )


def _address(request: Request, forwarded_hops: int) -> str:
    """Where the request comes from, as our outermost proxy saw it; what stands further left in
    the header is the sender's own word."""
    forwarded = request.headers.get("x-forwarded-for", "").split(",")
    if forwarded_hops and len(forwarded) >= forwarded_hops and forwarded[-forwarded_hops].strip():
        return forwarded[-forwarded_hops].strip()
    return request.client.host if request.client else "unknown"


async def _form(
    request: Request,
    then: str,
    *,
    template: str = "sign_in.html",
    notice: str = "",
    error: str | None = None,
    username: str = "",
    status_code: int = 200,
) -> Response:
    """A page with a form and its token, which the cookie repeats (double submit)."""
    access = access_of(request)
    if request.query_params.get("done") == "1" and template == "sign_in.html" and not error:
        return page(request, "notice.html", notice="signed-in")
    client_name, target = await _client_of(access, then)
    token = secrets.new_secret()
    response = page(
        request,
        template,
        status_code=status_code,
        form_target=target,
        form_token=token,
        then=then if _is_ours(then) else "",
        client_name=client_name,
        error=error,
        username=username,
        notice=notice,
    )
    _set_cookie(response, access, _FORM_COOKIE, token, _FORM_LIFETIME_S)
    return response


async def _client_of(access: Access, then: str) -> tuple[str | None, str | None]:
    """Name and origin of the registered page that the person will be sent back to."""
    if not _is_ours(then):
        return None, None
    query = parse_qs(urlsplit(then).query)
    client_id, uri = query.get("client_id", [""])[0], query.get("redirect_uri", [""])[0]
    if not client_id or "\x00" in client_id:
        return None, None
    async with access.database.transaction() as session:
        client = await clients.find(session, client_id)
    if client is None or uri not in client.redirect_uris:
        return None, None
    return client.name, origin(uri)


def _is_ours(then: str) -> bool:
    """Only the authorization endpoint: anything else would be an open redirect."""
    return then.startswith("/oauth/authorize?") and then.isprintable() and "\\" not in then


def _is_our_form(request: Request, form_token: str) -> bool:
    expected = request.cookies.get(_FORM_COOKIE, "")
    return bool(expected) and hmac.compare_digest(expected.encode(), form_token.encode())


def _set_cookie(response: Response, access: Access, name: str, value: str, max_age_s: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path="/",
        httponly=True,
        secure=access.settings.cookie_secure,
        samesite="lax",
    )
