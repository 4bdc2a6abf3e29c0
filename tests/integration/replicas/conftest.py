"""Two replicas of access and two of tickets, each pair behind one address, and detect beside."""

import json
import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from payesh.access.main import MIGRATIONS as ACCESS_MIGRATIONS
from payesh.access.main import offer_bootstrap
from payesh.contracts.audiences import audience_of
from payesh.detect.main import MIGRATIONS as DETECT_MIGRATIONS
from payesh.detect.main import create as create_detect
from payesh.detect.settings import Settings as DetectSettings
from payesh.kit.migrations import migrate
from payesh.local.engines import EngineSet
from payesh.local.engines.ports import free_port
from payesh.local.topics import create_topics
from payesh.tickets.main import MIGRATIONS as TICKETS_MIGRATIONS
from payesh.tickets.main import create as create_tickets
from payesh.tickets.settings import Settings as TicketsSettings
from tests.integration.access.conftest import (
    PASSWORD,
    PURPOSE,
    Browser,
    RunningAccess,
    serving,
    settings_for,
)
from tests.support.engine_settings import bus_settings, object_settings
from tests.support.round_robin import RoundRobin
from tests.support.serving import served

EVERY_REQUEST_ANEW = {"Connection": "close"}
"""So that each request reaches the next replica."""
NOWHERE = "127.0.0.1:1"
READS = ["citations:read", "citations:decide", "passages:read", "people:read", "traffic:read"]
SERVICES = ("access", "tickets", "detect")
Tokens = dict[str, dict[str, str]]
"""Headers with a token, by the service that it is for."""


@dataclass
class Town:
    """The running services. `detect` are replicas with different ways to learn revocations."""

    access: RunningAccess
    access_urls: list[str]
    tickets_url: str
    detect: dict[str, str]
    engines: EngineSet

    def browser(self, address: str | None = None) -> Browser:
        """A browser whose every request reaches another replica of access than the last."""
        browser = Browser(self.access, address)
        browser.http.headers.update(EVERY_REQUEST_ANEW)
        browser.request["redirect_uri"] = f"{self.tickets_url}/sign-in/callback"
        return browser

    async def tokens_of(self, officer: dict[str, Any]) -> Tokens:
        """Headers with a person's token for each service, from sign-ins through the pages'
        client."""
        tokens = {}
        for service in SERVICES:
            browser = self.browser()
            browser.request["resource"] = audience_of(service)
            code = await browser.code(officer["username"])
            tokens[service] = bearer(await self.redeem(browser, code))
        return tokens

    async def redeem(self, browser: Browser, code: str) -> httpx.Response:
        return await browser.redeem(code, redirect_uri=browser.request["redirect_uri"])

    async def machine_tokens(self, client_id: str, secret: str) -> Tokens:
        """The same of a client."""
        return {
            service: bearer(
                await self.access.token(client_id, secret, resource=audience_of(service))
            )
            for service in SERVICES
        }

    async def page(self, officer: dict[str, Any]) -> tuple[httpx.AsyncClient, Browser]:
        """A signed-in session of tickets' pages, and the browser's half at access."""
        tickets = httpx.AsyncClient(
            base_url=self.tickets_url, timeout=20, headers=EVERY_REQUEST_ANEW
        )
        browser = self.browser()
        form = await tickets.get("/sign-in", params={"next": "/queue"})
        token = form.text.split('name="form_token" value="')[1].split('"')[0]
        stated = {"form_token": token, "next": "/queue", "other": "test"}
        begun = await tickets.post("/sign-in", data=stated)
        asked = await browser.http.get(begun.headers["location"])
        then = httpx.URL(asked.headers["location"]).params["continue"]
        signed_in = await browser.sign_in(officer["username"], PASSWORD, then)
        sent_back = await browser.http.get(signed_in.headers["location"])
        arrived = await tickets.get(sent_back.headers["location"])
        assert arrived.headers["location"] == "/queue", arrived.text
        return tickets, browser

    async def reads(self, tokens: Tokens) -> set[int]:
        """Status of a read of personal data in each replica of each service that there is a token
        for; 404 where it is admitted and there is nothing to read. `neither` is left out."""
        urls = {
            "tickets": [f"{self.tickets_url}/v1/citations/{uuid4()}"] * 2,
            "access": [f"{url}/v1/people/{uuid4()}" for url in self.access_urls],
            "detect": [
                f"{url}/v1/passages/{uuid4()}"
                for way, url in self.detect.items()
                if way != "neither"
            ],
        }
        statuses = set()
        for service, headers in tokens.items():
            sent = {**headers, **PURPOSE, **EVERY_REQUEST_ANEW}
            async with httpx.AsyncClient(timeout=20, headers=sent) as http:
                statuses |= {(await http.get(url)).status_code for url in urls[service]}
        return statuses


def bearer(answer: httpx.Response) -> dict[str, str]:
    """The header with the token of an answer."""
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture(scope="module")
async def town(
    breakable_engines: EngineSet, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    async with running_town(breakable_engines, tmp_path_factory.mktemp("town")) as running:
        yield running


@asynccontextmanager
async def running_town(
    engines: EngineSet,
    folder: Path,
    ways: Collection[str] = ("both", "bus", "poll", "neither"),
) -> AsyncIterator[Town]:
    """The replicas, on engines that are empty; of detect those of these `ways`."""
    addresses = engines.addresses()
    await create_topics(addresses["kafka_bootstrap"])
    for service, migrations in (
        ("access", ACCESS_MIGRATIONS),
        ("tickets", TICKETS_MIGRATIONS),
        ("detect", DETECT_MIGRATIONS),
    ):
        await migrate(addresses["migration_urls"][service], migrations)
    async with AsyncExitStack() as opened:
        before_access = await opened.enter_async_context(RoundRobin())
        before_tickets = await opened.enter_async_context(RoundRobin())
        clients = _declare_clients(folder, before_tickets.url)
        access = await _access(opened, engines, folder, before_access, clients)
        asking: dict[str, Any] = {
            "service_client_id": "services",
            "service_client_secret": SecretStr(clients["services"]),
            "revocation_patience_s": 20,
        }
        keys: dict[str, Any] = {
            "token_issuer": before_access.url,
            "jwks_url": f"{before_access.url}/.well-known/jwks.json",
        }
        for _ in range(2):
            settings = TicketsSettings(
                http_port=0,
                metrics_port=0,
                public_url=before_tickets.url,
                database_url=addresses["database_urls"]["tickets"],
                **bus_settings(engines),
                **object_settings(engines, "tickets"),
                **keys,
                pages_client_id="tickets-pages",
                pages_client_secret=SecretStr(clients["tickets-pages"]),
                access_url=before_access.url,
                query_digest_key=SecretStr("k" * 32),
                **asking,
            )
            url = await opened.enter_async_context(served(create_tickets(settings)))
            before_tickets.add(httpx.URL(url).port or 0)
        detect: dict[str, dict[str, Any]] = {
            "both": asking,
            "bus": {"revocation_patience_s": 20},
            "poll": {**asking, "kafka_bootstrap": NOWHERE},
            "neither": {"revocation_patience_s": 20, "kafka_bootstrap": NOWHERE},
        }
        urls = {}
        for way in ways:
            values = {
                **bus_settings(engines),
                **object_settings(engines, "detect"),
                **keys,
                **detect[way],
            }
            settings_of_detect = DetectSettings(
                http_port=0,
                metrics_port=0,
                public_url="http://localhost",
                database_url=addresses["database_urls"]["detect"],
                pages_client_id="detect-pages",
                pages_client_secret=SecretStr("none"),  # nobody signs in at these
                access_url=before_access.url,
                query_digest_key=SecretStr("k" * 32),
                **values,
            )
            urls[way] = await opened.enter_async_context(served(create_detect(settings_of_detect)))
        yield Town(*access, before_tickets.url, urls, engines)


def _declare_clients(folder: Path, tickets_url: str) -> dict[str, str]:
    """Write the file of clients and their secrets; returns the secrets by client."""
    made = {name: secrets.token_urlsafe(32) for name in ("tickets-pages", "services")}
    for name, secret in made.items():
        (folder / f"{name}.secret").write_text(secret)
    pages = {
        "client_id": "tickets-pages",
        "name": "صف افسران",
        "secret_file": "tickets-pages.secret",
        "redirect_uris": [f"{tickets_url}/sign-in/callback"],
        "scopes": READS,
    }
    services = {
        "client_id": "services",
        "name": "Services",
        "secret_file": "services.secret",
        "grants": ["client_credentials"],
        "scopes": ["revocations:read"],
    }
    (folder / "clients.json").write_text(json.dumps([pages, services]))
    return made


async def _access(
    opened: AsyncExitStack,
    engines: EngineSet,
    folder: Path,
    before: RoundRobin,
    clients: dict[str, str],
) -> tuple[RunningAccess, list[str]]:
    """Two replicas of access, with the first administrator."""
    database_url = engines.addresses()["database_urls"]["access"]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PAYESH_DATABASE_URL", database_url)
        await offer_bootstrap(folder / "first-administrator.secret")
    settings = settings_for(
        engines,
        folder,
        public_url=before.url,
        token_issuer=before.url,
        jwks_url=f"{before.url}/.well-known/jwks.json",
        pages_clients_file=folder / "clients.json",
        token_lifetime_s=900,
    )
    urls = []
    for _ in range(2):
        replica = settings.model_copy(update={"http_port": free_port()})
        await opened.enter_async_context(serving(replica))
        before.add(replica.http_port)
        urls.append(f"http://127.0.0.1:{replica.http_port}")
    access = RunningAccess(settings, before.url, pages_secret=clients["tickets-pages"])
    first = await access.post(
        "/v1/bootstrap",
        {
            "secret": (folder / "first-administrator.secret").read_text().strip(),
            "username": "sara.mohammadi",
            "name": "سارا محمدی",
            "password": PASSWORD,
        },
        {},
    )
    access.admin = {"Authorization": f"Bearer {first.json()['access_token']}"}
    return access, urls
