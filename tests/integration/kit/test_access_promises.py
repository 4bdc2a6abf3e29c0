"""Who gets in, with which answer, over real HTTP keys and a real session table."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import httpx
import pytest
import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey
from pydantic import BaseModel
from sqlalchemy import delete, select
from structlog.testing import capture_logs

from payesh.contracts import AuditReadRecorded
from payesh.kit.audit import record_read
from payesh.kit.authorization import Principal, authorize
from payesh.kit.errors import PeerUnavailable, StoreUnavailable
from payesh.kit.http import UnprotectedRoute, create_app
from payesh.kit.published_keys import JwksKeys
from payesh.kit.settings import HttpSettings, PagesSettings, TokenSettings
from payesh.kit.sign_in import sign_in_router
from payesh.kit.tables import outbox as outbox_table

ISSUER = "http://access.test"


class Settings(HttpSettings, TokenSettings, PagesSettings):
    service: ClassVar[str] = "kit-test"


@dataclass
class Authority:
    """Publishes keys and signs tokens, as access does."""

    url: str
    keys: list[Any]
    published: list[Any]
    requests: int = 0
    code_token: str = ""

    def token(self, *, key: Any = None, without: str = "", **changes: Any) -> str:
        key = key or self.keys[0]
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": "payesh",
            "sub": "officer-1",
            "act": "pages",
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
        header = {"alg": algorithm, "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=["ES256", "EdDSA"])


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers nothing to wait for
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


@pytest.fixture(scope="module")
async def authority() -> AsyncIterator[Authority]:
    first = OKPKey.generate_key("Ed25519", {"kid": "key-one-1"})
    second = ECKey.generate_key("P-256", {"kid": "key-two-2"})
    made = Authority("", [first, second], [first, second])
    app = FastAPI()

    @app.get("/jwks.json")
    async def jwks() -> JSONResponse:
        made.requests += 1
        return JSONResponse({"keys": [key.as_dict(private=False) for key in made.published]})

    @app.post("/oauth/token")
    async def token(request: Request) -> JSONResponse:
        body = (await request.body()).decode()
        assert "code_verifier=" in body
        assert "code=good" in body
        return JSONResponse({"access_token": made.code_token})

    async with served(app) as url:
        made.url = url
        yield made


class Letter(BaseModel):
    password: int


def routes(database) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/reads")
    async def reads(
        principal: Annotated[
            Principal, Depends(authorize("reads:read", resource="reads", personal=True))
        ],
    ) -> dict[str, Any]:
        async with database.transaction() as session:
            await record_read(
                session,
                principal,
                service="kit-test",
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


async def all_well() -> dict[str, str]:
    return {"database": "ok"}


@pytest.fixture
async def client(authority, database) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(
        http_port=0,
        metrics_port=0,
        public_url="http://pages.test",
        token_issuer=ISSUER,
        jwks_url=f"{authority.url}/jwks.json",
        pages_client_id="kit-pages",
        pages_client_secret="s3cret",
        access_url="http://access.test",
        access_internal_url=authority.url,
    )
    app = create_app(
        service="kit-test",
        settings=settings,
        lifespan=None,
        routers=[routes(database), sign_in_router(settings, database)],
        ready=all_well,
        body_limits={"/v1/letters": 100},
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://pages.test") as opened:
        yield opened


def bearer(token: str, purpose: str | None = "citation%20review") -> dict[str, str]:
    headers = {"Authorization": f"Bearer {token}"}
    if purpose:
        headers["Payesh-Purpose"] = purpose
    return headers


async def test_both_algorithms_are_admitted_with_their_bounds(client, authority):
    for key in authority.keys:
        answer = await client.get("/v1/reads", headers=bearer(authority.token(key=key)))
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"subject": "officer-1", "counties": ["tehran"]}


async def test_each_wrong_token_gets_its_own_problem(client, authority):
    now = int(time.time())
    stranger = OKPKey.generate_key("Ed25519", {"kid": "key-one-1"})
    unknown = OKPKey.generate_key("Ed25519", {"kid": "unknown-9"})
    wrong = [
        authority.token(exp=now - 60, nbf=now - 400),
        authority.token(nbf=now + 60),
        authority.token(aud="another"),
        authority.token(iss="http://evil.test"),
        authority.token(without="exp"),
        authority.token(without="counties"),
        authority.token(key=stranger),
        authority.token(key=unknown),
        authority.token()[:-4] + "AAAA",
        "not-a-token",
        "eyJhbGciOiJub25lIiwia2lkIjoia2V5LW9uZS0xIn0.e30.",
    ]
    for token in wrong:
        answer = await client.get("/v1/reads", headers=bearer(token))
        assert answer.status_code == 401, token
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:payesh:problem:invalid-token"
        assert answer.headers["www-authenticate"].startswith("Bearer")
    expired = await client.get("/v1/reads", headers=bearer(wrong[0]))
    assert expired.json()["detail"] == "the token has expired"


async def test_no_token_no_scope_no_purpose_are_three_answers(client, authority):
    nothing = await client.get("/v1/reads")
    assert (nothing.status_code, nothing.json()["type"]) == (401, "urn:payesh:problem:unauthorized")
    scopeless = await client.get("/v1/reads", headers=bearer(authority.token(scope="law:read")))
    assert scopeless.status_code == 403
    assert scopeless.json()["type"] == "urn:payesh:problem:missing-scope"
    purposeless = await client.get("/v1/reads", headers=bearer(authority.token(), None))
    assert purposeless.status_code == 403
    assert purposeless.json()["type"] == "urn:payesh:problem:purpose-required"


@pytest.mark.parametrize("said", ["x%00", "two%0Alines", "ca%C2%85se"])
async def test_a_purpose_with_a_control_character_is_not_recorded(client, authority, said):
    read = await client.get("/v1/reads", headers=bearer(authority.token(), said))
    signing_in = await client.get(f"/sign-in?purpose={said}")
    for answer in (read, signing_in):
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:payesh:problem:purpose")
    joined = "%D9%85%DB%8C%E2%80%8C%D8%AE%D9%88%D8%A7%D9%87%D9%85"  # a zero-width non-joiner
    read = await client.get("/v1/reads", headers=bearer(authority.token(), joined))
    assert read.status_code == 200


async def test_unknown_keys_do_not_make_us_hammer_access(client, authority):
    await client.get("/v1/reads", headers=bearer(authority.token()))
    before = authority.requests
    for number in range(20):
        unknown = OKPKey.generate_key("Ed25519", {"kid": f"unknown-{number}"})
        await client.get("/v1/reads", headers=bearer(authority.token(key=unknown)))
    assert authority.requests <= before + 1


async def test_a_withdrawn_key_is_refused_soon_and_keys_serve_an_absence_of_access(
    authority, monkeypatch
):
    now_s = 0.0

    def pass_by(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds

    async def known() -> set[str]:
        return {key.kid for key in (await keys.key_set(second.kid)).keys}

    first, second = authority.keys
    keys = JwksKeys(f"{authority.url}/jwks.json", clock_s=lambda: now_s)
    assert await known() == {first.kid, second.kid}
    monkeypatch.setattr(authority, "published", [second])
    pass_by(31)
    assert await known() == {second.kid}
    keys._url = "http://127.0.0.1:1/jwks.json"
    pass_by(890)
    assert await known() == {second.kid}
    pass_by(20)
    for _ in range(2):  # asked, and not asked again so soon
        with pytest.raises(PeerUnavailable):
            await known()


async def test_access_away_is_503_and_not_401(authority, database):
    settings = Settings(
        http_port=0,
        metrics_port=0,
        token_issuer=ISSUER,
        jwks_url="http://127.0.0.1:1/jwks.json",
        pages_client_id="x",
        pages_client_secret="x",
        access_url="http://127.0.0.1:1",
    )
    app = create_app(
        service="kit-test",
        settings=settings,
        lifespan=None,
        routers=[routes(database)],
        ready=all_well,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x.test") as client:
        answer = await client.get("/v1/reads", headers=bearer(authority.token()))
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


async def test_bodies_over_the_limit_are_refused_announced_or_not(client, authority):
    headers = bearer(authority.token()) | {"Content-Type": "application/json"}
    announced = await client.post("/v1/letters", content=b" " * 101, headers=headers)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b" " * 1000

    chunked = await client.post("/v1/letters", content=endless(), headers=headers)
    for answer in (announced, chunked):
        assert answer.status_code == 413
        assert answer.json()["type"] == "urn:payesh:problem:too-large"
    fits = await client.post("/v1/letters", content=b'{"password": 1}', headers=headers)
    assert fits.status_code == 200


async def test_problems_quote_neither_input_nor_internals(client, authority):
    headers = bearer(authority.token())
    malformed = await client.post("/v1/letters", json={"password": "hunter2"}, headers=headers)
    assert malformed.status_code == 422
    assert malformed.json()["errors"][0]["field"] == "body/password"
    assert "hunter2" not in malformed.text
    with capture_logs() as logged:
        broken = await client.get("/v1/broken", headers=headers)
    assert {each["event"] for each in logged} == {"request", "unhandled"}
    assert broken.status_code == 500
    assert "secret" not in broken.text
    away = await client.get("/v1/away", headers=headers)
    assert away.status_code == 503
    assert away.json()["dependency"] == "store"
    missing = await client.get("/v1/nowhere")
    assert missing.json()["type"] == "urn:payesh:problem:not-found"


async def test_every_read_leaves_a_gapless_audit_record_before_the_answer(
    client, authority, database
):
    async with database.transaction() as session:
        await session.execute(delete(outbox_table))
    headers = bearer(authority.token())
    answers = await asyncio.gather(*(client.get("/v1/reads", headers=headers) for _ in range(20)))
    assert {each.status_code for each in answers} == {200}
    async with database.transaction() as session:
        rows = (await session.execute(select(outbox_table).order_by(outbox_table.c.id))).all()
        await session.execute(delete(outbox_table))
    records = [AuditReadRecorded.from_json(row.body) for row in rows]
    sequences = [record.sequence for record in records]
    assert len(sequences) == 20
    assert sequences == list(range(sequences[0], sequences[0] + 20))
    assert {record.purpose for record in records} == {"citation review"}


async def test_a_person_signs_in_and_the_session_guards_against_forgery(client, authority):
    asked = await client.get("/v1/reads", headers={"Accept": "text/html"})
    assert asked.status_code == 303
    begun = await client.get("/sign-in", params={"next": "//evil.test", "purpose": "review"})
    assert begun.status_code == 303
    target = httpx.URL(begun.headers["location"])
    assert target.params["code_challenge_method"] == "S256"
    forged = await client.get("/sign-in/callback", params={"code": "good", "state": "wrong"})
    assert forged.status_code == 403
    authority.code_token = authority.token()
    back = await client.get(
        "/sign-in/callback", params={"code": "good", "state": target.params["state"]}
    )
    assert (back.status_code, back.headers["location"]) == (303, "/")
    assert "HttpOnly" in back.headers["set-cookie"]
    assert (await client.get("/v1/reads")).status_code == 200
    session = (await client.get("/sign-in/session")).json()
    forgery = await client.post("/v1/letters", json={"password": 1})
    assert forgery.json()["type"] == "urn:payesh:problem:csrf"
    csrf = {"X-CSRF-Token": session["csrf_token"]}
    assert (await client.post("/v1/letters", json={"password": 1}, headers=csrf)).status_code == 200
    assert (await client.post("/sign-out")).json()["type"] == "urn:payesh:problem:csrf"
    signed_out = await client.post("/sign-out", headers=csrf)
    assert signed_out.json() == {"continue_at": "http://access.test/sign-out"}
    assert (await client.get("/v1/reads")).status_code == 401
    assert (await client.post("/sign-out", headers=csrf)).json() == signed_out.json()


async def test_a_route_without_scope_and_reason_does_not_start(database):
    router = APIRouter()

    @router.get("/v1/open")
    async def unguarded() -> dict[str, str]:
        return {}

    with pytest.raises(UnprotectedRoute, match="/v1/open"):
        create_app(service="x", settings=None, lifespan=None, routers=[router], ready=all_well)
