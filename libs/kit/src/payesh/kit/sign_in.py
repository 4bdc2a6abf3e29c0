"""Pages' sign-in: people state a purpose, sign in at access and return with a session here."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from payesh.kit.authorization import checked_purpose
from payesh.kit.cookies import FormToken, HostCookie, seal, unseal
from payesh.kit.database import Database
from payesh.kit.errors import Forbidden, SettingsError, Unauthorized
from payesh.kit.paging import ShortText, Text
from payesh.kit.purpose_page import STYLE_PATH, purpose_page, style
from payesh.kit.sessions import Sessions
from payesh.kit.sign_in_flow import (
    CALLBACK_PATH,
    FLOW_LIFE_S,
    AccessClient,
    SignInFlow,
    SignInSettings,
    own_path,
)
from payesh.kit.tokens import TokenVerifier

PURPOSE_LIFE_S = 8 * 3600
"""How long a person's stated purpose goes with the sessions that follow: a working day, as long as
a sign-in at access. Sessions end with their tokens, every ten minutes; asked as often, people would
confirm anything."""

_PURPOSE_LENGTH = 500
_PAGE_LENGTH = 500


class SignInRouter(APIRouter):
    """The routes with their sessions; `create_app` takes these, so that `authorize` accepts the
    cookie. A browser without a session is sent to `sign_in_page`."""

    sessions: Sessions
    sign_in_page: str = "/sign-in"


def sign_in_router(
    settings: SignInSettings, database: Database, purposes: Sequence[str]
) -> SignInRouter:
    """GET and POST /sign-in (the page that asks for the purpose), GET /sign-in/callback, GET
    /sign-in/session (the CSRF token for the page's scripts), POST /sign-out (then the page goes to
    `continue_at`). `purposes` are what the service's pages are there for; the first is preset.

    Raises SettingsError.
    """
    if not settings.public_url:
        raise SettingsError("PAYESH_PUBLIC_URL: required for pages to sign in")
    router = SignInRouter(tags=["sign-in"], include_in_schema=False)
    router.sessions = Sessions(database, settings.public_url)
    access = AccessClient(settings)
    flow_cookie = HostCookie.of("payesh_sign_in", settings.public_url)
    purpose_cookie = HostCookie.of("payesh_purpose", settings.public_url)
    form = FormToken(HostCookie.of("payesh_purpose_form", settings.public_url))

    def begun(flow: SignInFlow) -> Response:
        response = RedirectResponse(access.authorize_url(flow), 303)
        flow_cookie.set(response, flow.sealed(access.secret), max_age_s=FLOW_LIFE_S)
        return response

    def asked(next_page: str, fault: str = "", status_code: int = 200) -> Response:
        token = form.new()
        response = purpose_page(
            purposes,
            next_page=own_path(next_page),
            form_token=token,
            leads_to=access.origin,
            fault=fault,
            status_code=status_code,
        )
        form.set(response, token)
        return response

    @router.get("/sign-in")
    async def ask(
        request: Request,
        next_page: Annotated[str, Query(alias="next", max_length=_PAGE_LENGTH)] = "/",
    ) -> Response:
        """Ask for the purpose; begin at once for a person who stated it earlier in the day. The
        address says nothing about it: whoever wrote the link would have stated it."""
        stated = unseal("purpose", purpose_cookie.read(request), access.secret)
        if stated is None:
            return asked(next_page)
        return begun(SignInFlow.begin(next_page, stated["purpose"], stated["subject"]))

    @router.post("/sign-in")
    async def begin(
        request: Request,
        purpose: Annotated[Text, Form()] = "",
        other: Annotated[Text, Form()] = "",
        form_token: Annotated[ShortText, Form()] = "",
        next_page: Annotated[Text, Form(alias="next")] = "/",
    ) -> Response:
        """Begin a sign-in for the stated purpose: redirect to access."""
        if not form.matches(request, form_token):
            return asked(next_page, "stale", 403)
        stated = checked_purpose(other) or (purpose if purpose in purposes else "")
        if not stated:
            return asked(next_page, "missing", 422)
        response = begun(SignInFlow.begin(next_page, stated))
        form.cookie.delete(response)
        return response

    @router.get(STYLE_PATH)
    async def page_style() -> Response:
        return style()

    @router.get(CALLBACK_PATH)
    async def callback(
        request: Request, state: str = "", code: str = "", error: str = "", iss: str = ""
    ) -> Response:
        """Complete a sign-in: exchange the code, begin the session, go to the page."""
        flow = SignInFlow.unsealed(flow_cookie.read(request), access.secret)
        if flow is None or not flow.began_with(state):
            raise Forbidden("this sign-in was not begun here, or too long ago", type="sign-in")
        if iss != access.issuer:
            # A code of another server, mixed up with ours (RFC 9207), is not sent to access.
            raise Forbidden("this answer is not access's", type="sign-in")
        if error or not code:
            raise Unauthorized("access refused the sign-in", type="sign-in")
        token = await access.exchange(code, flow)
        verifier: TokenVerifier = request.app.state.verifier
        claims = await verifier.claims(token)
        if flow.subject not in (None, claims["sub"]):
            # Another person has signed in meanwhile: the purpose was not theirs.
            response: Response = asked(flow.next)
            purpose_cookie.delete(response)
            flow_cookie.delete(response)
            return response
        cookie, session = await router.sessions.begin(claims, flow.purpose)
        response = RedirectResponse(flow.next, 303)
        flow_cookie.delete(response)
        router.sessions.cookie.set(response, cookie, expires=session.expires_at)
        if flow.subject is None:
            stated = {"purpose": flow.purpose, "subject": claims["sub"]}
            sealed = seal("purpose", stated, access.secret, life_s=PURPOSE_LIFE_S)
            purpose_cookie.set(response, sealed, max_age_s=PURPOSE_LIFE_S)
        return response

    @router.get("/sign-in/session")
    async def current(request: Request) -> Response:
        """The caller's own session."""
        session = await router.sessions.load(request)
        if session is None:
            raise Unauthorized("not signed in", type="signed-out")
        return JSONResponse(
            {
                "subject": session.claims.get("sub"),
                "name": session.claims.get("name"),
                "agency": session.claims.get("agency"),
                "scopes": str(session.claims.get("scope", "")).split(),
                "purpose": session.purpose,
                "csrf_token": session.csrf_token,
                "expires_at": session.expires_at.isoformat(),
            },
            headers={"Cache-Control": "no-store"},
        )

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        """End the session here. `continue_at` is where the sign-in at access ends, which would
        otherwise begin the next session without a password."""
        session = await router.sessions.load(request, to_end=True)
        if session is not None:  # without one, the person may still be signed in at access
            session.require_csrf(request)
            await router.sessions.end(request)
        response = JSONResponse({"continue_at": access.sign_out_url})
        router.sessions.cookie.delete(response)
        purpose_cookie.delete(response)
        return response

    return router
