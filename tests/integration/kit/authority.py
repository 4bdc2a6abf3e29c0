"""A stand-in for access, and a small service whose routes its tokens open."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import httpx
from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey
from pydantic import BaseModel, SecretStr

from payesh.kit.audit import record_read
from payesh.kit.authorization import authorize
from payesh.kit.database import Database
from payesh.kit.errors import Hidden, NotFound, StoreUnavailable
from payesh.kit.http import Application, AuditTrail, create_app
from payesh.kit.principal import Principal
from payesh.kit.query_digests import QueryDigests
from payesh.kit.settings import AuditSettings, HttpSettings, PagesSettings, TokenSettings
from payesh.kit.sign_in import sign_in_router
from tests.support.engine_settings import QUERY_KEY
from tests.support.serving import served
from tests.support.signed_tokens import ISSUER

PAGES = "https://pages.test"
PURPOSE = "بررسی"
"""What the pages are there for."""


class Settings(HttpSettings, TokenSettings, AuditSettings, PagesSettings):
    service: ClassVar[str] = "kit-test"


@dataclass
class Authority:
    """Publishes keys and issues tokens as access does, for each of its two algorithms."""

    url: str
    keys: list[Any]
    published: list[Any]
    requests: int = 0
    code_token: str = ""
    """The token that is given for the code "good"."""

    def token(
        self, *, key: Any = None, without: str = "", typ: str = "at+jwt", **changes: Any
    ) -> str:
        key = key or self.keys[0]
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": "urn:payesh:service:kit-test",
            "sub": "officer-1",
            "client_id": "pages",
            "act": {"sub": "pages"},
            "agency": "traffic-police",
            "scope": "reads:read",
            "counties": ["tehran"],
            "road_classes": "*",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            **changes,
        }
        claims.pop(without, None)
        algorithm = "ES256" if key.key_type == "EC" else "EdDSA"
        header = {"alg": algorithm, "typ": typ, "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=["ES256", "EdDSA"])


@asynccontextmanager
async def running_authority() -> AsyncIterator[Authority]:
    first = OKPKey.generate_key("Ed25519", {"kid": "key-one-1"})
    second = ECKey.generate_key("P-256", {"kid": "key-two-2"})
    authority = Authority("", [first, second], [first, second])
    app = FastAPI()

    @app.get("/jwks.json")
    async def jwks() -> JSONResponse:
        authority.requests += 1
        return JSONResponse({"keys": [key.as_dict(private=False) for key in authority.published]})

    @app.post("/oauth/token")
    async def token(request: Request) -> JSONResponse:
        body = (await request.body()).decode()
        assert "code_verifier=" in body
        assert "code=good" in body
        return JSONResponse({"access_token": authority.code_token})

    async with served(app) as url:
        authority.url = url
        yield authority


class Letter(BaseModel):
    password: int


def routes(database: Database) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/reads")
    async def reads(
        principal: Annotated[
            Principal, Depends(authorize("reads:read", resource="reads", personal=True))
        ],
        plate: Annotated[str | None, Query()] = None,
    ) -> dict[str, Any]:
        async with database.transaction() as session:
            await record_read(
                session,
                principal,
                service="plates",
                scope="reads:read",
                action="search",
                resource_kind="read",
                resource_ids=["r-1"],
            )
        return {"subject": principal.subject, "counties": sorted(principal.counties or ())}

    @router.post("/v1/letters")
    async def letters(
        letter: Letter,
        _: Annotated[Principal, Depends(authorize("reads:read", resource="letters"))],
    ) -> dict[str, str]:
        return {}

    @router.get("/v1/letters/{number}")
    async def letter(
        number: int, _: Annotated[Principal, Depends(authorize("reads:read", resource="letters"))]
    ) -> None:
        raise (Hidden if number == 7 else NotFound)("no such letter")

    @router.get("/v1/broken")
    async def broken(
        _: Annotated[Principal, Depends(authorize("reads:read", resource="x"))],
    ) -> None:
        raise RuntimeError("secret internals")

    @router.get("/v1/away")
    async def away(
        _: Annotated[Principal, Depends(authorize("reads:read", resource="x"))],
    ) -> None:
        raise StoreUnavailable

    return router


async def ready() -> dict[str, str]:
    return {"database": "ok"}


def application(authority_url: str, database: Database, **quotas: int) -> Application:
    """A service with the routes and the sign-in of pages, which trusts the authority there."""
    settings = Settings(
        **quotas,
        http_port=0,
        metrics_port=0,
        public_url=PAGES,
        token_issuer=ISSUER,
        jwks_url=f"{authority_url}/jwks.json",
        query_digest_key=QUERY_KEY,
        pages_client_id="kit-pages",
        pages_client_secret=SecretStr("s3cret"),
        access_url=ISSUER,
        access_internal_url=authority_url,
    )
    return create_app(
        service="plates",
        settings=settings,
        lifespan=None,
        routers=[routes(database), sign_in_router(settings, database, [PURPOSE])],
        ready=ready,
        audit=AuditTrail(database, QueryDigests(settings.query_digest_key)),
        body_limits={"/v1/letters": 100},
    )


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=PAGES) as opened:
        yield opened


def bearer(token: str, purpose: str | None = "citation%20review") -> dict[str, str]:
    headers = {"Authorization": f"Bearer {token}"}
    if purpose:
        headers["Payesh-Purpose"] = purpose
    return headers


async def states_purpose(
    client: httpx.AsyncClient, next_page: str = "/", **form: str
) -> httpx.Response:
    """The answer when a person fills in the page that asks for the purpose; as it is preset
    unless `form` says otherwise."""
    page = await client.get("/sign-in", params={"next": next_page})
    shown = {
        name: page.text.split(f'name="{name}" value="')[1].split('"')[0]
        for name in ("form_token", "next", "purpose")
    }
    return await client.post("/sign-in", data=shown | form)
