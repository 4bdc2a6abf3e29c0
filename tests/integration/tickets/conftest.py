"""tickets as it runs: its application served over HTTP on real engines, with real keys."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import OKPKey

from payesh.contracts import Event, ViolationDetected
from payesh.kit.bus import Producer
from payesh.kit.database import Database
from payesh.kit.migrations import run_migrations
from payesh.kit.objects import MinioObjects
from payesh.kit.settings import ObjectSettings
from payesh.local.engines import EngineSet
from payesh.local.topics import create_topics
from payesh.tickets.handlers import citation_id_of
from payesh.tickets.main import MIGRATIONS, create
from payesh.tickets.settings import Settings
from tests.integration.tickets.recorded_evidence import RecordedEvidence, record
from tests.unit.tickets.violation_builder import plate_read, violation

ISSUER = "http://access.test"
_KEY = OKPKey.generate_key("Ed25519", {"kid": "tickets-test-1"})
EVERY_SCOPE = "citations:read citations:decide evidence:read law:read"


def claims(subject: str = "sara", **changes: Any) -> dict[str, Any]:
    """Claims of an officer's token, as access gives them."""
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": "payesh",
        "sub": subject,
        "act": "pages",
        "agency": "traffic-police",
        "scope": EVERY_SCOPE,
        "counties": ["semnan"],
        "road_classes": "*",
        "iat": now,
        "nbf": now,
        "exp": now + 900,
        **changes,
    }


def token(subject: str = "sara", **changes: Any) -> str:
    header = {"alg": "EdDSA", "kid": _KEY.kid}
    return jwt.encode(header, claims(subject, **changes), _KEY, algorithms=["EdDSA"])


async def eventually(condition: Callable[[], Awaitable[bool]], timeout_s: float = 20.0) -> None:
    """Return once `condition` holds. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not await condition():  # noqa: ASYNC110 - what is awaited lies in another process
            await asyncio.sleep(0.02)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), "the server ended before it began"
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


@dataclass
class Office:
    """The running service and what surrounds it."""

    url: str
    settings: Settings
    app: FastAPI
    database: Database
    producer: Producer
    recorded: RecordedEvidence

    def client(self, subject: str = "sara", **changes: Any) -> httpx.AsyncClient:
        headers = {
            "Authorization": f"Bearer {token(subject, **changes)}",
            "Payesh-Purpose": "test",
        }
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20)

    def violation(self, **changes: Any) -> ViolationDetected:
        """A violation whose evidence lies in the store."""
        recorded = self.recorded
        return violation(
            **{
                "segments": recorded.links[1:4],
                "shots": recorded.shots,
                "revision": recorded.revision,
                **changes,
            }
        )

    async def publish(self, *events: Event) -> None:
        for event in events:
            await self.producer.publish(event)

    async def draft(self, plate: str = "12ب34567", **changes: Any) -> UUID:
        """Publish a violation and its read; the id of the claimable citation."""
        seen = self.violation(**changes)
        await self.publish(seen, plate_read(seen, plate))
        return UUID((await self.outcome(seen))["citation_id"])

    async def outcome(self, seen: ViolationDetected, timeout_s: float = 20.0) -> dict[str, Any]:
        """The citation that a violation ends as."""
        path = f"/v1/citations/{citation_id_of(seen.violation_id)}"
        async with self.client("observer", counties="*") as http, asyncio.timeout(timeout_s):
            while True:
                answer = await http.get(path)
                if answer.status_code == 200:
                    found: dict[str, Any] = answer.json()
                    return found
                assert answer.status_code == 404, answer.text
                await asyncio.sleep(0.02)


def office_settings(engines: EngineSet, jwks_url: str, **changes: Any) -> Settings:
    addresses = engines.addresses()
    access_key, secret_key = addresses["s3_keys"]["tickets"]
    values: dict[str, Any] = {
        "http_port": 0,
        "public_url": "http://tickets.test",
        "metrics_port": 0,
        "kafka_bootstrap": addresses["kafka_bootstrap"],
        "kafka_idempotence": addresses["kafka_idempotence"],
        "kafka_session_timeout_ms": 6000 if addresses["kafka_idempotence"] else 2000,
        "database_url": addresses["database_urls"]["tickets"],
        "s3_endpoint": addresses["s3_endpoint"],
        "s3_secure": addresses["s3_secure"],
        "s3_access_key": access_key,
        "s3_secret_key": secret_key,
        "token_issuer": ISSUER,
        "jwks_url": jwks_url,
        "pages_client_id": "tickets-pages",
        "pages_client_secret": "pages-secret",
        "access_url": "http://access.test",
        "draft_retention_days": 1,
        "issued_retention_days": 2,
    }
    return Settings(**{**values, **changes})


def store_of(engines: EngineSet, identity: str = "admin") -> MinioObjects:
    access_key, secret_key = engines.objects.credentials_for(identity)
    addresses = engines.addresses()
    return MinioObjects(
        ObjectSettings(
            s3_endpoint=addresses["s3_endpoint"],
            s3_secure=addresses["s3_secure"],
            s3_access_key=access_key,
            s3_secret_key=secret_key,
        )
    )


@pytest.fixture(scope="session")
async def jwks_url() -> AsyncIterator[str]:
    app = FastAPI()

    @app.get("/jwks.json")
    async def jwks() -> JSONResponse:
        return JSONResponse({"keys": [_KEY.as_dict(private=False)]})

    async with served(app) as url:
        yield f"{url}/jwks.json"


@pytest.fixture(scope="session")
async def tickets_database_url(engines: EngineSet) -> str:
    url = engines.addresses()["database_urls"]["tickets"]
    await asyncio.to_thread(run_migrations, url, MIGRATIONS)
    return url


@pytest.fixture(scope="session")
async def recorded(engines: EngineSet) -> RecordedEvidence:
    return await record(store_of(engines))


@pytest.fixture(scope="session")
async def office(
    engines: EngineSet, jwks_url: str, tickets_database_url: str, recorded: RecordedEvidence
) -> AsyncIterator[Office]:
    """One service for all tests: each brings violations of its own."""
    await create_topics(engines.addresses()["kafka_bootstrap"])
    settings = office_settings(engines, jwks_url)
    database = Database(tickets_database_url)
    producer = Producer(settings)
    await producer.start()
    app = create(settings)
    async with served(app) as url:
        yield Office(url, settings, app, database, producer, recorded)
    await producer.stop()
    await database.close()
