"""What verifiers and clients look up: signing keys (RFC 7517) and metadata (RFC 8414)."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from payesh.access.api.dependencies import DependenciesHere
from payesh.access.domain.entitlements import SCOPES
from payesh.access.handlers import keys

router = APIRouter(tags=["discovery"])

_JWKS_MAX_AGE_S = 30
"""Shorter than the activation delay, so that a cache has a new key before it signs."""


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
    authorization_response_iss_parameter_supported: bool


@router.get("/.well-known/jwks.json", responses={200: {"model": PublishedKeys}})
async def signing_keys(dependencies: DependenciesHere) -> JSONResponse:
    """The keys to check tokens with (JWKS); fetch it again when a token names another."""
    published = await keys.published_keys(dependencies)
    return JSONResponse(
        {"keys": [key.public_jwk for key in published]},
        headers={
            "Cache-Control": f"public, max-age={_JWKS_MAX_AGE_S}",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )


@router.get("/.well-known/oauth-authorization-server", response_model=ServerMetadata)
async def server_metadata(dependencies: DependenciesHere) -> dict[str, Any]:
    """Where this installation's tokens come from, and which scopes there are (RFC 8414)."""
    issuer = dependencies.settings.token_issuer
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
        "authorization_response_iss_parameter_supported": True,
    }
