"""What verifiers and clients look up: signing keys (RFC 7517) and metadata (RFC 8414)."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from payesh.access.adapters import keys
from payesh.access.api.state import access_of
from payesh.access.domain.entitlements import SCOPES

router = APIRouter(tags=["discovery"])

_JWKS_MAX_AGE_S = 30
"""Shorter than the activation delay, so that a cache knows a new key before it signs."""


class PublishedKey(BaseModel):
    model_config = ConfigDict(extra="allow")

    kid: str
    kty: str
    crv: str
    x: str
    use: str
    alg: str


class PublishedKeys(BaseModel):
    keys: list[PublishedKey]


class ServerMetadata(BaseModel):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    response_modes_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    code_challenge_methods_supported: list[str]
    ui_locales_supported: list[str]


@router.get("/.well-known/jwks.json", responses={200: {"model": PublishedKeys}})
async def signing_keys(request: Request) -> JSONResponse:
    """The keys to check tokens with (JWKS); fetch it again when a token names another."""
    access = access_of(request)
    async with access.database.transaction() as session:
        rows = await keys.published(session, datetime.now(UTC), access.settings.token_lifetime)
    return JSONResponse(
        {"keys": [row.public_jwk for row in rows]},
        headers={
            "Cache-Control": f"public, max-age={_JWKS_MAX_AGE_S}",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )


@router.get("/.well-known/oauth-authorization-server", response_model=ServerMetadata)
async def server_metadata(request: Request) -> dict[str, Any]:
    """Where this installation's tokens come from, and which scopes there are (RFC 8414)."""
    issuer = access_of(request).settings.token_issuer
    base = issuer.rstrip("/")
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "scopes_supported": sorted(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "ui_locales_supported": ["fa", "en"],
    }
