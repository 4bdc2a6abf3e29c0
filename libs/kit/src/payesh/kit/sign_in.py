"""People sign in at access (authorization code with PKCE) and come back with a session here."""

import base64
import hashlib
import hmac
import json
import secrets
from typing import Annotated, Any, Protocol
from urllib.parse import urlencode

import httpx
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import SecretStr

from payesh.kit.authorization import checked_purpose
from payesh.kit.database import Database
from payesh.kit.errors import Forbidden, PeerUnavailable, SettingsError, Unauthorized
from payesh.kit.sessions import CSRF_HEADER, SESSION_COOKIE, Session, Sessions
from payesh.kit.tokens import TokenVerifier

_FLOW_COOKIE = "payesh_sign_in"
_FLOW_LIFE_S = 600
_CALLBACK = "/sign-in/callback"


class SignInSettings(Protocol):
    """What PagesSettings and HttpSettings give."""

    @property
    def public_url(self) -> str: ...
    @property
    def pages_client_id(self) -> str: ...
    @property
    def pages_client_secret(self) -> SecretStr: ...
    @property
    def access_url(self) -> str: ...
    @property
    def access_internal_url(self) -> str: ...


class SignInRouter(APIRouter):
    """`create_app` finds the sessions here, so that `authorize` accepts their cookie."""

    sessions: Sessions


def sign_in_router(settings: SignInSettings, database: Database) -> SignInRouter:
    """GET /sign-in?next=/page&purpose=…, GET /sign-in/callback, GET /sign-in/session (the CSRF
    token for the page's scripts), POST /sign-out (then the page goes to `continue_at`)."""
    if not settings.public_url:
        raise SettingsError("PAYESH_PUBLIC_URL: pages cannot sign in without it")
    router = SignInRouter(tags=["sign-in"], include_in_schema=False)
    router.sessions = Sessions(database)
    secure = settings.public_url.startswith("https://")
    redirect_uri = settings.public_url.rstrip("/") + _CALLBACK
    access = (settings.access_internal_url or settings.access_url).rstrip("/")
    client_secret = settings.pages_client_secret.get_secret_value()

    @router.get("/sign-in")
    async def sign_in(
        next_page: Annotated[str, Query(alias="next", max_length=500)] = "/",
        purpose: Annotated[str, Query(max_length=500)] = "",
    ) -> Response:
        verifier = secrets.token_urlsafe(48)
        state = secrets.token_urlsafe(24)
        challenge = _base64url(hashlib.sha256(verifier.encode()).digest())
        query = urlencode(
            {
                "response_type": "code",
                "client_id": settings.pages_client_id,
                "redirect_uri": redirect_uri,
                "state": state,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        flow = {
            "state": state,
            "verifier": verifier,
            "next": _own_path(next_page),
            "purpose": checked_purpose(purpose) or None,
        }
        response = RedirectResponse(
            f"{settings.access_url.rstrip('/')}/oauth/authorize?{query}", 303
        )
        response.set_cookie(
            _FLOW_COOKIE,
            _seal(flow, client_secret),
            max_age=_FLOW_LIFE_S,
            path="/sign-in",
            httponly=True,
            secure=secure,
            samesite="lax",  # it must come along when access redirects back
        )
        return response

    @router.get(_CALLBACK)
    async def callback(
        request: Request, state: str = "", code: str = "", error: str = ""
    ) -> Response:
        flow = _unseal(request.cookies.get(_FLOW_COOKIE, ""), client_secret)
        if flow is None or not hmac.compare_digest(flow["state"].encode(), state.encode()):
            raise Forbidden("this sign-in was not begun here, or too long ago", type="sign-in")
        if error or not code:
            raise Unauthorized("access refused the sign-in", type="sign-in")
        token = await _exchange(
            access,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": flow["verifier"],
            },
            (settings.pages_client_id, client_secret),
        )
        verifier: TokenVerifier = request.app.state.verifier
        claims = await verifier.claims(token)
        cookie, session = await router.sessions.begin(claims, flow["purpose"])
        response = RedirectResponse(flow["next"], 303)
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
        session = await _required(router.sessions, request)
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
        """Ends the session here; `continue_at` is where the sign-in at access ends, which would
        otherwise begin the next session without a password."""
        session = await router.sessions.load(request)
        if session is not None:  # one that ran out is over, and its person still at access
            if not session.csrf_matches(request.headers.get(CSRF_HEADER, "")):
                raise Forbidden(f"the header {CSRF_HEADER} is missing or wrong", type="csrf")
            await router.sessions.end(request)
        response = JSONResponse({"continue_at": f"{settings.access_url.rstrip('/')}/sign-out"})
        response.delete_cookie(SESSION_COOKIE, path="/")
        return response

    return router


async def _required(sessions: Sessions, request: Request) -> Session:
    session = await sessions.load(request)
    if session is None:
        raise Unauthorized("nobody is signed in", type="signed-out")
    return session


async def _exchange(access: str, form: dict[str, str], client: tuple[str, str]) -> str:
    try:
        async with httpx.AsyncClient(timeout=5) as http:
            response = await http.post(f"{access}/oauth/token", data=form, auth=client)
    except httpx.HTTPError as error:
        raise PeerUnavailable("access", type(error).__name__) from error
    if response.status_code >= 500:
        raise PeerUnavailable("access", f"status {response.status_code}")
    if response.status_code != 200:
        raise Unauthorized("access refused the code", type="sign-in")
    token: str = response.json()["access_token"]
    return token


def _own_path(page: str) -> str:
    """Only a path of this site: anything else would be an open redirect."""
    plain = page.startswith("/") and not page.startswith(("//", "/\\"))
    return page if plain and page.isprintable() else "/"


def _seal(flow: dict[str, Any], secret: str) -> str:
    payload = _base64url(json.dumps(flow).encode())
    return f"{payload}.{_signature(payload, secret)}"


def _unseal(cookie: str, secret: str) -> dict[str, Any] | None:
    payload, _, signature = cookie.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(payload, secret).encode()):
        return None
    flow: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return flow


def _signature(payload: str, secret: str) -> str:
    return _base64url(hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
