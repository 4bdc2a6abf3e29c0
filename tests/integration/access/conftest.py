"""access as it runs in production, with a database and topics of its own, over HTTP."""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import asyncpg
import httpx
import pytest
import uvicorn
from aiokafka import AIOKafkaConsumer
from cryptography.fernet import Fernet

from payesh.access.domain.entitlements import SCOPES
from payesh.access.main import MIGRATIONS, create, offer_bootstrap
from payesh.access.settings import Settings
from payesh.contracts.audiences import audience_of
from payesh.kit.migrations import migrate
from payesh.kit.serving import configuration
from payesh.kit.settings import TokenSettings
from payesh.kit.tokens import TokenVerifier
from payesh.local.engines import EngineSet
from payesh.local.engines.ports import free_port
from payesh.local.topics import create_topics
from tests.support.engine_settings import QUERY_KEY

PASSWORD = "a long enough phrase"
ADMINISTRATOR = "sara.mohammadi"
CALLBACK = "http://127.0.0.1:9/sign-in/callback"
PURPOSE = {"Payesh-Purpose": "test"}
Collect = Callable[..., Awaitable[list[Any]]]
"""Events of a type that satisfy a condition."""


@dataclass
class RunningAccess:
    """The running service, and the secrets that its deployer and first administrator have."""

    settings: Settings
    url: str
    admin: dict[str, str] = field(default_factory=dict)
    pages_secret: str = ""
    secret_file: Path = Path()
    bootstrap_answers: list[int] = field(default_factory=list)

    def http(self, **more: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, timeout=20, **more)

    async def post(
        self, path: str, body: Any, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        async with self.http() as http:
            return await http.post(path, json=body, headers={**(headers or self.admin), **PURPOSE})

    async def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        async with self.http() as http:
            return await http.get(path, headers={**(headers or self.admin), **PURPOSE})

    async def patch(
        self, path: str, body: Any, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        async with self.http() as http:
            return await http.patch(path, json=body, headers={**(headers or self.admin), **PURPOSE})

    async def token(self, client_id: str, secret: str, **form: str) -> httpx.Response:
        async with self.http() as http:
            return await http.post(
                "/oauth/token",
                data={"grant_type": "client_credentials", **form},
                auth=(client_id, secret),
            )

    async def new_client(
        self, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        """The answer to the registration of a client with an id of its own."""
        wanted = {
            "client_id": f"machine-{secrets.token_hex(4)}",
            "name": "Machine",
            "agency": "payesh",
            "grants": ["client_credentials"],
            "scopes": ["cameras:read", "streams:read"],
            "counties": ["semnan"],
        }
        return await self.post("/v1/clients", wanted | body, headers)

    async def new_person(
        self, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        """The answer to the making of an account, as if its owner had chosen the password."""
        wanted = {
            "username": f"officer-{secrets.token_hex(4)}",
            "name": "رضا کریمی",
            "agency": "payesh",
            "password": PASSWORD,
            "scopes": ["citations:read", "citations:decide"],
            "counties": ["semnan", "damghan"],
        }
        answer = await self.post("/v1/people", wanted | body, headers)
        if answer.is_success:
            await self.choose(answer.json()["person_id"])
        return answer

    async def choose(self, person_id: str) -> None:
        """As if the person had chosen the password that the account has."""
        database = await self.database()
        await database.execute(
            "UPDATE people SET password_given = false WHERE person_id = $1", UUID(person_id)
        )
        await database.close()

    async def bearer_with(self, **rights: Any) -> dict[str, str]:
        """Headers of a new client with these rights, for access."""
        made = (await self.new_client(**rights)).json()
        answer = await self.token(
            made["client"]["client_id"], made["client_secret"], resource=audience_of("access")
        )
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def person_bearer(self, **rights: Any) -> dict[str, str]:
        """Headers of a new person, of all rights but those given, who signed in at the pages."""
        wanted = {"scopes": ["audit:read"], "counties": "*", **rights}
        username = (await self.new_person(**wanted)).json()["username"]
        browser = Browser(self)
        browser.request["resource"] = audience_of("access")
        answer = await browser.redeem(await browser.code(username))
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def claims(self, token: str, service: str = "ingest") -> dict[str, Any]:
        """Claims of a token as a service verifies it: by the kit, with the published keys."""
        return await self.verifier(service).claims(token)

    def verifier(self, service: str) -> TokenVerifier:
        """The verifier of another service."""
        kind = type("Of", (TokenSettings,), {"service": service})
        return TokenVerifier(
            kind(token_issuer=self.settings.token_issuer, jwks_url=self.settings.jwks_url)
        )

    async def database(self) -> asyncpg.Connection:
        url = self.settings.database_url.get_secret_value()
        return await asyncpg.connect(url.replace("+asyncpg", ""))


class Browser:
    """A person's browser, and the page that sent it, in an authorization-code flow."""

    def __init__(self, access: RunningAccess, address: str | None = None) -> None:
        self.access = access
        self.address = address or str(IPv4Address(secrets.randbelow(2**32)))
        # The first line is what the browser wrote itself, the second what our proxy saw.
        self.http = access.http(
            headers=[("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", self.address)]
        )
        self.verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.request = {
            "response_type": "code",
            "client_id": "tickets-pages",
            "redirect_uri": CALLBACK,
            "state": "state-1",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "resource": audience_of("tickets"),
        }

    async def authorize(self, **changed: str | None) -> httpx.Response:
        wanted = {**self.request, **changed}
        return await self.http.get(
            "/oauth/authorize", params={k: v for k, v in wanted.items() if v is not None}
        )

    async def agree(self, decision: str = "allow", **changed: str | None) -> httpx.Response:
        """The redirect to the page's client, after the person answered what it asks for."""
        asked = await self.authorize(**changed)
        page = await self.http.get(asked.headers["location"])
        fields = {
            name: unescape(page.text.split(f'name="{name}" value="')[1].split('"')[0])
            for name in ("form_token", "continue", "scopes")
        }
        answered = await self.http.post("/consent", data=fields | {"decision": decision})
        assert answered.status_code == 303, answered.text
        if answered.headers["location"].startswith("/oauth/"):
            return await self.http.get(answered.headers["location"])
        return answered

    async def sign_in(
        self, username: str, password: str = PASSWORD, then: str = "", **further: str
    ) -> httpx.Response:
        page = await self.http.get("/sign-in", params={"continue": then})
        token = page.text.split('name="form_token" value="')[1].split('"')[0]
        form = {
            "username": username,
            "password": password,
            "form_token": token,
            "continue": then,
        }
        return await self.http.post("/sign-in", data=form | further)

    async def code(self, username: str, password: str = PASSWORD) -> str:
        """The code that the browser brings back after signing in."""
        to_sign_in = await self.authorize()
        then = parse_qs(urlsplit(to_sign_in.headers["location"]).query)["continue"][0]
        back = await self.sign_in(username, password, then)
        assert back.status_code == 303, back.text
        sent_on = await self.http.get(back.headers["location"])
        answer = parse_qs(urlsplit(sent_on.headers["location"]).query)
        assert answer["state"] == ["state-1"]
        return answer["code"][0]

    async def redeem(self, code: str, **changed: str) -> httpx.Response:
        """The answer to the page, which is the only client that knows this browser's verifier."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
        }
        return await self.http.post(
            "/oauth/token", data=form | changed, auth=("tickets-pages", self.access.pages_secret)
        )


def settings_for(engines: EngineSet, folder: Path, **changed: Any) -> Settings:
    addresses = engines.addresses()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    return Settings(
        **{
            "http_port": port,
            "metrics_port": 0,
            "public_url": url,
            "kafka_bootstrap": addresses["kafka_bootstrap"],
            "kafka_idempotence": addresses["kafka_idempotence"],
            "kafka_session_timeout_ms": 6000 if addresses["kafka_idempotence"] else 3000,
            "database_url": addresses["database_urls"]["access"],
            "token_issuer": url,
            "jwks_url": f"{url}/.well-known/jwks.json",
            "s3_endpoint": addresses["s3_endpoint"],
            "s3_secure": addresses["s3_secure"],
            "s3_access_key": addresses["s3_keys"]["access"][0],
            "s3_secret_key": addresses["s3_keys"]["access"][1],
            "audit_head_interval_s": 0.3,
            "query_digest_key": QUERY_KEY,
            "refusals_per_minute": 100_000,
            "key_encryption_key": Fernet.generate_key().decode(),
            "key_activation_delay_s": 0,
            "token_lifetime_s": 900,  # the administrator's lasts as long as these tests
            "password_hash_memory_kib": 8 * 1024,
            "sign_in_failures_per_account": 4,
            "sign_in_failures_per_account_everywhere": 12,
            "sign_in_failures_per_address": 30,
            "forwarded_hops": 1,
            "pages_clients_file": folder / "clients.json",
            **changed,
        }
    )


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[None]:
    server = uvicorn.Server(configuration(create(settings), settings, None))
    task = asyncio.create_task(server._serve())  # `serve` takes over signals
    try:
        while not server.started:
            assert not task.done(), task
            await asyncio.sleep(0.02)
        yield
    finally:
        server.should_exit = True
        await task


@pytest.fixture(scope="session")
async def access(
    engines: EngineSet, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningAccess]:
    """The service, bootstrapped by five requests at once, of which one makes an administrator."""
    folder = tmp_path_factory.mktemp("access")
    pages_secret = secrets.token_urlsafe(32)
    (folder / "pages.secret").write_text(pages_secret)
    pages = {
        "client_id": "tickets-pages",
        "name": "صف افسران",
        "secret_file": "pages.secret",
        "redirect_uris": [CALLBACK],
        "scopes": sorted(SCOPES),  # administrators act through it too
    }
    (folder / "clients.json").write_text(json.dumps([pages]))
    await create_topics(engines.addresses()["kafka_bootstrap"])
    settings = settings_for(engines, folder)
    database_url = settings.database_url.get_secret_value()
    await migrate(engines.addresses()["migration_urls"]["access"], MIGRATIONS)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PAYESH_DATABASE_URL", database_url)
        await offer_bootstrap(folder / "first-administrator.secret")
    async with serving(settings):
        access = RunningAccess(settings, settings.public_url, pages_secret=pages_secret)
        secret = (folder / "first-administrator.secret").read_text().strip()
        body = {
            "secret": secret,
            "username": ADMINISTRATOR,
            "name": "سارا محمدی",
            "password": PASSWORD,
        }
        wrong = await access.post("/v1/bootstrap", body | {"secret": "wrong"}, {})
        assert wrong.status_code == 403
        answers = await asyncio.gather(*(access.post("/v1/bootstrap", body, {}) for _ in range(5)))
        access.bootstrap_answers = [answer.status_code for answer in answers]
        first = next(answer.json() for answer in answers if answer.status_code == 201)
        access.admin = {"Authorization": f"Bearer {first['access_token']}"}
        access.secret_file = folder / "first-administrator.secret"
        yield access


@pytest.fixture
def browser(access: RunningAccess) -> Browser:
    return Browser(access)


@pytest.fixture
async def collect(access: RunningAccess) -> AsyncIterator[Collect]:
    """Events of a topic that satisfy a condition, from the topic's beginning."""

    async def read(kind: type[Any], wanted: Callable[[Any], bool]) -> list[Any]:
        consumer = AIOKafkaConsumer(
            kind.topic,
            bootstrap_servers=access.settings.kafka_bootstrap,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            async with asyncio.timeout(15):
                async for message in consumer:
                    event = kind.from_json(message.value)
                    if wanted(event):
                        return [event]
        finally:
            await consumer.stop()
        return []

    yield read
