"""Entering the administration: who is signed in at access states a purpose, and has a session."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from payesh.access.api.dependencies import DependenciesHere
from payesh.access.domain.redirect_uris import ADMINISTRATION
from payesh.access.handlers.administering import administration_token, secret_of
from payesh.access.pages import cookies
from payesh.access.settings import Settings
from payesh.kit.authorization import checked_purpose
from payesh.kit.cookies import FormToken, HostCookie, seal, unseal
from payesh.kit.database import Database
from payesh.kit.errors import Unauthorized
from payesh.kit.paging import ShortText, Text
from payesh.kit.purpose_page import STYLE_PATH, purpose_page, style
from payesh.kit.sessions import Sessions
from payesh.kit.sign_in import PURPOSE_LIFE_S, SignInRouter
from payesh.kit.sign_in_flow import own_path
from payesh.kit.tokens import TokenVerifier

HOME = ADMINISTRATION
ENTER = f"{HOME}/enter"
SESSION = f"{HOME}/session"
PURPOSE = "مدیریت کاربران و دسترسی‌ها"

_TO_SIGN_IN = f"/sign-in?{urlencode({'continue': HOME})}"

PLACES = {
    "people:read": f"{HOME}/people",
    "agencies:read": f"{HOME}/agencies",
    "clients:read": f"{HOME}/clients",
    "keys:write": f"{HOME}/keys",
}
"""The scope that each page asks for, in the order in which pages are offered."""

PUBLIC_ROUTES = {
    HOME: "leads to the first page that the person may see, or to where a session begins",
    ENTER: "a person who enters the administration has no session there yet",
    SESSION: "describes the caller's own session, and nothing without one",
}


def entrance(settings: Settings, database: Database) -> SignInRouter:
    """GET and POST /administration/enter, and /administration/session. The session ends with its
    token, with the sign-in at access, and with the person's rights."""
    router = SignInRouter(include_in_schema=False)
    router.sessions = Sessions(database, settings.public_url)
    router.sign_in_page = ENTER
    secret = secret_of(settings, "purpose")
    purpose_cookie = HostCookie.of("payesh_access_purpose", settings.public_url)
    form = FormToken(HostCookie.of("payesh_access_enter", settings.public_url))

    def asked(next_page: str, fault: str = "", status_code: int = 200) -> Response:
        token = form.new()
        response = purpose_page(
            [PURPOSE],
            next_page=own_path(next_page),
            form_token=token,
            at=ENTER,
            fault=fault,
            status_code=status_code,
        )
        form.set(response, token)
        return response

    async def entered(
        request: Request,
        dependencies: DependenciesHere,
        next_page: str,
        purpose: str,
        subject: str | None = None,
    ) -> Response:
        """The way on with a session; to the sign-in where nobody is signed in."""
        token = await administration_token(dependencies, cookies.sign_in_secret(request, settings))
        if token is None:
            return RedirectResponse(_TO_SIGN_IN, 303)
        verifier: TokenVerifier = request.app.state.verifier
        claims = await verifier.claims(token)
        if subject not in (None, claims["sub"]):
            return asked(next_page)  # another person has signed in: the purpose was not theirs
        cookie, session = await router.sessions.begin(claims, purpose)
        response = RedirectResponse(own_path(next_page), 303)
        router.sessions.cookie.set(response, cookie, expires=session.expires_at)
        stated = {"purpose": purpose, "subject": claims["sub"]}
        sealed = seal("purpose", stated, secret, life_s=PURPOSE_LIFE_S)
        purpose_cookie.set(response, sealed, max_age_s=PURPOSE_LIFE_S)
        return response

    @router.get(HOME)
    async def home(request: Request) -> Response:
        session = await router.sessions.load(request)
        scopes = set() if session is None else set(str(session.claims["scope"]).split())
        seen = [path for scope, path in PLACES.items() if scope in scopes]
        return RedirectResponse(seen[0] if seen else ENTER, 303)

    @router.get(STYLE_PATH)
    async def page_style() -> Response:
        return style()

    @router.get(ENTER)
    async def ask(
        request: Request,
        dependencies: DependenciesHere,
        next_page: Annotated[str, Query(alias="next", max_length=500)] = HOME,
    ) -> Response:
        """Ask for the purpose; go on at once for a person who stated it earlier in the day."""
        secret_here = cookies.sign_in_secret(request, settings)
        if await administration_token(dependencies, secret_here) is None:
            return RedirectResponse(_TO_SIGN_IN, 303)
        stated = unseal("purpose", purpose_cookie.read(request), secret)
        if stated is None:
            return asked(next_page)
        purpose, subject = stated["purpose"], stated["subject"]
        return await entered(request, dependencies, next_page, purpose, subject)

    @router.post(ENTER)
    async def enter(
        request: Request,
        dependencies: DependenciesHere,
        purpose: Annotated[Text, Form()] = "",
        other: Annotated[Text, Form()] = "",
        form_token: Annotated[ShortText, Form()] = "",
        next_page: Annotated[Text, Form(alias="next")] = HOME,
    ) -> Response:
        """Begin a session for the stated purpose."""
        if not form.matches(request, form_token):
            return asked(next_page, "stale", 403)
        stated = checked_purpose(other) or (purpose if purpose == PURPOSE else "")
        if not stated:
            return asked(next_page, "missing", 422)
        response = await entered(request, dependencies, next_page, stated)
        form.cookie.delete(response)
        return response

    @router.get(SESSION)
    async def current(request: Request) -> Response:
        """The caller's own session, with the token that its scripts repeat."""
        session = await router.sessions.load(request)
        if session is None:
            raise Unauthorized("not signed in", type="signed-out")
        described = {"subject": session.claims.get("sub"), "csrf_token": session.csrf_token}
        return JSONResponse(described, headers={"Cache-Control": "no-store"})

    return router
