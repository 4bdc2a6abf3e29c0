"""`/oauth/token` and `/oauth/authorize`."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from payesh.access.adapters.oauth.server import ConsentQuestion, OAuthAnswer
from payesh.access.api.dependencies import DependenciesHere
from payesh.access.domain.scope_services import SERVICES
from payesh.access.handlers.tokens import answer_authorization_request, answer_token_request
from payesh.access.pages.cookies import sign_in_secret
from payesh.access.pages.notice.notice import notice
from payesh.contracts.audiences import audience_of

router = APIRouter(prefix="/oauth", tags=["oauth"])

_FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 50
RESOURCES = [audience_of(service) for service in sorted(SERVICES)]


class TokenAnswer(BaseModel):
    access_token: str
    token_type: str
    expires_in: int = Field(description="seconds; ask again before they are over")
    scope: str = Field(description="what was granted, separated by spaces")


class TokenRefusal(BaseModel):
    """RFC 6749 section 5.2; not problem details."""

    error: str = Field(description="a word of the RFC, such as invalid_client, invalid_scope")
    error_description: str | None = None


# The routes read these themselves (RFC 6749 asks for its own errors): described by hand.
_TOKEN_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials", "authorization_code"]},
        "scope": {
            "type": "string",
            "description": "Scopes separated by spaces; all that the client holds of the service "
            "when left out.",
        },
        "client_id": {
            "type": "string",
            "description": "With client_secret; leave both out when they are sent as HTTP Basic.",
        },
        "client_secret": {"type": "string", "format": "password"},
        "resource": {
            "type": "string",
            "description": "The service that the token is for (RFC 8707). Needed when the scopes "
            "are of several services; a token has those of one.",
            "enum": RESOURCES,
        },
        "code": {"type": "string", "description": "Of authorization_code, as are those below."},
        "redirect_uri": {"type": "string", "description": "The same as in the request for it."},
        "code_verifier": {"type": "string", "description": "PKCE (RFC 7636)."},
    },
}
_TOKEN: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            _FORM: {
                "schema": _TOKEN_FORM,
                "examples": {
                    "machine": {
                        "value": {
                            "grant_type": "client_credentials",
                            "client_id": "county-office",
                            "client_secret": "as shown once when the client was registered",
                            "scope": "citations:read evidence:read",
                            "resource": "urn:payesh:service:tickets",
                        }
                    }
                },
            }
        },
    }
}
_TOKEN_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": TokenAnswer, "description": "Send access_token as the bearer token."},
    400: {"model": TokenRefusal, "description": "The request or the grant is refused."},
    401: {"model": TokenRefusal, "description": "The client's id or secret is wrong."},
}


def _asked(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": name not in ("scope", "resource"),
        "description": description,
        "schema": {"type": "string", **schema},
    }


_AUTHORIZE: dict[str, Any] = {
    "parameters": [
        _asked("response_type", "Always code.", enum=["code"]),
        _asked("client_id", "The page's client."),
        _asked("redirect_uri", "One that is registered for it, to the letter."),
        _asked("state", "Comes back unchanged; compare it."),
        _asked("code_challenge", "PKCE (RFC 7636): the verifier's SHA-256, base64url."),
        _asked("code_challenge_method", "Always S256.", enum=["S256"]),
        _asked("scope", "Scopes separated by spaces."),
        _asked("resource", "The service that the token is for; see the token.", enum=RESOURCES),
    ]
}
_REDIRECTS: dict[int | str, dict[str, Any]] = {
    302: {"description": "To redirect_uri with iss, and code and state or error."},
    303: {"description": "To the sign-in or the consent, which lead back here."},
    400: {"description": "A page: the request cannot be trusted.", "content": {"text/html": {}}},
}


def _respond(answer: OAuthAnswer) -> Response:
    named = {name: value for name, value in answer.headers if name.lower() != "content-type"}
    if isinstance(answer.body, str):
        return Response(status_code=answer.status, headers=named)
    return JSONResponse(dict(answer.body), status_code=answer.status, headers=named)


@router.post("/token", openapi_extra=_TOKEN, responses=_TOKEN_ANSWERS)
async def token(request: Request, dependencies: DependenciesHere) -> Response:
    """Get a token with a client's secret, or with a code that /oauth/authorize gave."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _FORM:
        return _respond(OAuthAnswer.invalid_request(f"The body is {_FORM}"))
    try:
        form = parse_qsl(
            (await request.body()).decode("utf-8"),
            keep_blank_values=True,
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        return _respond(OAuthAnswer.invalid_request("The body cannot be read"))
    return _respond(await answer_token_request(dependencies, form, request.headers))


@router.get("/authorize", status_code=302, openapi_extra=_AUTHORIZE, responses=_REDIRECTS)
async def authorize(request: Request, dependencies: DependenciesHere) -> Response:
    """Send a signed-in person back to a registered page with a code; others to sign in first, or to
    let a client act that the deployment did not declare."""
    answer = await answer_authorization_request(
        dependencies,
        request.query_params.multi_items(),
        request.headers,
        sign_in_secret(request, dependencies.settings),
    )
    if answer is None or isinstance(answer, ConsentQuestion):
        here = f"/oauth/authorize?{request.url.query}"
        page = "/sign-in" if answer is None else "/consent"
        return RedirectResponse(f"{page}?" + urlencode({"continue": here}), 303)
    if answer.status != 302:
        # Never a redirect to an address that is not registered, not even with an error.
        return notice(request, "authorization-request", status_code=400)
    return _respond(answer)
