"""What verifiers and clients look up: signing keys (RFC 7517) and metadata (RFC 8414)."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from payesh.access.adapters import keys
from payesh.access.api.state import access_of
from payesh.access.domain.entitlements import SCOPES

router = APIRouter(tags=["discovery"])

_JWKS_MAX_AGE_S = 30
"""Shorter than the activation delay, so that a cache knows a new key before it signs."""


@router.get("/.well-known/jwks.json")
async def jwks(request: Request) -> JSONResponse:
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


@router.get("/.well-known/oauth-authorization-server")
async def metadata(request: Request) -> dict[str, Any]:
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
