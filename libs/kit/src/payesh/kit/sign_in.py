"""Pages' sign-in: people sign in at access and return with a session of this service."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from payesh.kit.authorization import checked_purpose
from payesh.kit.database import Database
from payesh.kit.errors import Forbidden, SettingsError, Unauthorized
from payesh.kit.sessions import SESSION_COOKIE, Sessions
from payesh.kit.sign_in_flow import CALLBACK_PATH, AccessClient, SignInFlow, SignInSettings
from payesh.kit.tokens import TokenVerifier

_FLOW_COOKIE = "payesh_sign_in"
_FLOW_LIFE_S = 600


class SignInRouter(APIRouter):
    """The routes with their sessions; `create_app` takes these, so that `authorize` accepts the
    cookie."""

    sessions: Sessions


def sign_in_router(settings: SignInSettings, database: Database) -> SignInRouter:
    """GET /sign-in?next=/page&purpose=…, GET /sign-in/callback, GET /sign-in/session (the CSRF
    token for the page's scripts), POST /sign-out (then the page goes to `continue_at`).

    Raises SettingsError.
    """
    if not settings.public_url:
        raise SettingsError("PAYESH_PUBLIC_URL: required for pages to sign in")
    router = SignInRouter(tags=["sign-in"], include_in_schema=False)
    router.sessions = Sessions(database)
    secure = settings.public_url.startswith("https://")
    access = AccessClient(settings)

    @router.get("/sign-in")
    async def sign_in(
        next_page: Annotated[str, Query(alias="next", max_length=500)] = "/",
        purpose: Annotated[str, Query(max_length=500)] = "",
    ) -> Response:
        """Begin a sign-in: redirect to access."""
        flow = SignInFlow.begin(next_page, checked_purpose(purpose) or None)
        response = RedirectResponse(access.authorize_url(flow), 303)
        response.set_cookie(
            _FLOW_COOKIE,
            flow.sealed(access.secret),
            max_age=_FLOW_LIFE_S,
            path="/sign-in",
            httponly=True,
            secure=secure,
            samesite="lax",  # sent when access redirects back
        )
        return response

    @router.get(CALLBACK_PATH)
    async def callback(
        request: Request, state: str = "", code: str = "", error: str = ""
    ) -> Response:
        """Complete a sign-in: exchange the code, begin the session, go to the page."""
        flow = SignInFlow.unsealed(request.cookies.get(_FLOW_COOKIE, ""), access.secret)
        if flow is None or not flow.began_with(state):
            raise Forbidden("this sign-in was not begun here, or too long ago", type="sign-in")
        if error or not code:
            raise Unauthorized("access refused the sign-in", type="sign-in")
        token = await access.exchange(code, flow)
        verifier: TokenVerifier = request.app.state.verifier
        claims = await verifier.claims(token)
        cookie, session = await router.sessions.begin(claims, flow.purpose)
        response = RedirectResponse(flow.next, 303)
        response.delete_cookie(_FLOW_COOKIE, path="/sign-in")
        response.set_cookie(
            SESSION_COOKIE,
            cookie,
            expires=session.expires_at,
            path="/",
            httponly=True,
            secure=secure,
            samesite="lax",
        )
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
        session = await router.sessions.load(request)
        if session is not None:  # without one, the person may still be signed in at access
            session.require_csrf(request)
            await router.sessions.end(request)
        response = JSONResponse({"continue_at": access.sign_out_url})
        response.delete_cookie(SESSION_COOKIE, path="/")
        return response

    return router
