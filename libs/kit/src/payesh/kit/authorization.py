"""Authorization of routes: each requires a scope and receives a Principal with bounds."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any
from unicodedata import category
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from payesh.contracts.audited_query import Condition
from payesh.kit.errors import Forbidden, Problem, Unauthorized, Unprocessable
from payesh.kit.principal import Principal
from payesh.kit.quotas import Quotas
from payesh.kit.routes import query_parameters
from payesh.kit.tokens import TokenVerifier, principal_from_claims

PURPOSE_HEADER = "Payesh-Purpose"
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_bearer = HTTPBearer(auto_error=False, description="Access token from `access`.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a verified caller asks a route for."""

    principal: Principal
    scope: str
    resource: str


def asked_of(request: Request) -> Asked | None:
    """What the request's caller asks for; None while it is not verified, and on public routes."""
    asked: Asked | None = getattr(request.state, "asked", None)
    return asked


def searched(request: Request) -> Mapping[str, Condition]:
    """The conditions of the request's body, where its route noted them (`note_search`)."""
    noted: Mapping[str, Condition] = getattr(request.state, "searched", {})
    return noted


def note_search(request: Request, conditions: Mapping[str, Condition]) -> None:
    """Note what a body searches for, so that a refusal is recorded with its digest.

    Called by a dependency that stands before `authorize` in the route's parameters: it runs for a
    valid body alone, and whether or not the caller is let in.
    """
    request.state.searched = conditions


def authorize(
    scope: str, *, resource: str, personal: bool = False
) -> Callable[..., Awaitable[Principal]]:
    """A FastAPI dependency that admits a caller with `scope`, by bearer token or session cookie.

    `personal=True` requires a purpose too (header `Payesh-Purpose`, UTF-8, percent-encoded or
    not, or the session's). Raises problems 401 `unauthorized`/`invalid-token`/`revoked`, 403
    `missing-scope`, `purpose-required`, `csrf`, 422 `purpose`, `malformed` (a query parameter that
    the route does not have), 429 `quota`, 503
    `revocations-unknown`; PeerUnavailable (503) when the keys of access cannot be fetched.
    """

    async def dependency(
        request: Request,
        _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
    ) -> Principal:
        principal = await _principal(request)
        quotas: Quotas = request.app.state.quotas
        quotas.admit(principal.subject)
        # Before any refusal, whose record has the purpose too.
        if purpose := checked_purpose(_purpose_header(request)):
            principal = replace(principal, purpose=purpose)
        request.state.asked = Asked(principal, scope, resource)
        if scope not in principal.scopes:
            raise Forbidden(
                f"{resource}: the scope {scope} is needed",
                type="missing-scope",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
                scope=scope,
            )
        verifier: TokenVerifier = request.app.state.verifier
        verifier.require_certainty(scope, personal=personal)
        if personal and not principal.purpose:
            raise Forbidden(
                f"{resource}: reading personal data needs the header {PURPOSE_HEADER}",
                type="purpose-required",
            )
        _require_known_parameters(request)
        return principal

    marked: Any = dependency
    marked.payesh_scope = scope
    marked.payesh_personal = personal
    return dependency


def _purpose_header(request: Request) -> str:
    """The header as text: its bytes are UTF-8, percent-encoded or as they are (RFC 9110 leaves
    bytes above 127 to whom they are for). Raises Unprocessable for bytes that are no UTF-8."""
    given = request.headers.get(PURPOSE_HEADER, "").encode("latin-1")
    try:
        return unquote_to_bytes(given).decode()
    except UnicodeDecodeError:
        raise Unprocessable(
            f"{PURPOSE_HEADER} is UTF-8, percent-encoded or not", type="purpose"
        ) from None


def checked_purpose(given: str) -> str:
    """The purpose as it is recorded, cut to 500 characters.

    Raises Unprocessable for a control character: the record is permanent, and PostgreSQL does not
    store a NUL.
    """
    purpose = given.strip()
    if any(category(character) == "Cc" for character in purpose):
        raise Unprocessable("a purpose has no control characters", type="purpose")
    return purpose[:500]


def _require_known_parameters(request: Request) -> None:
    """Raises Problem: a filter that is overlooked would answer with more personal data than was
    asked for. Pages are not held to it."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not request.url.path.startswith("/v1/"):
        return
    known = query_parameters(route)
    if request.query_params.keys() - known:
        fault = f"unknown parameter; there are: {', '.join(sorted(known)) or 'none'}"
        raise Problem(
            422,
            "malformed",
            "Malformed request",
            "fields do not fit",
            errors=[{"field": "query", "fault": fault}],
        )


async def _principal(request: Request) -> Principal:
    sent = request.headers.getlist("authorization")
    if sent:
        # The header decides alone: a request whose header is refused, or cannot be read, is not
        # admitted by the cookies that came along with it.
        scheme, _, token = sent[0].partition(" ")
        if len(sent) > 1 or scheme.lower() != "bearer":
            raise Unauthorized("one bearer token", headers={"WWW-Authenticate": "Bearer"})
        verifier: TokenVerifier = request.app.state.verifier
        return await verifier.principal(token.strip())
    sessions = getattr(request.app.state, "sessions", None)
    if sessions is not None:
        session = await sessions.load(request)
        if session is not None:
            if request.method not in _SAFE_METHODS:
                session.require_csrf(request)
            principal = principal_from_claims(session.claims)
            return replace(principal, purpose=session.purpose or principal.purpose)
    raise Unauthorized("a bearer token is needed", headers={"WWW-Authenticate": "Bearer"})
