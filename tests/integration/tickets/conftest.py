"""tickets as it runs: its application served over HTTP on real engines, with real keys."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from fastapi import FastAPI
from pydantic import ValidationError

from payesh.contracts import Event, TicketsReadRecorded, ViolationDetected
from payesh.kit.bus import Producer
from payesh.kit.database import Database
from payesh.kit.migrations import run_migrations
from payesh.local.engines import EngineSet
from payesh.local.topics import create_topics
from payesh.tickets.adapters.violations import citation_id_of
from payesh.tickets.main import MIGRATIONS, create
from payesh.tickets.settings import Settings
from tests.support.engine_settings import QUERY_KEY, bus_settings, object_settings, store_of
from tests.support.evidence_keys import SETTING
from tests.support.recorded_evidence import RecordedEvidence, record, recorded_elsewhere
from tests.support.serving import served
from tests.support.signed_tokens import ISSUER, TokenSigner
from tests.support.violation_builder import CAPTURED_AT, plate_read, violation

SIGNER = TokenSigner("tickets")
EVERY_SCOPE = (
    "citations:read citations:decide citations:supervise citations:serve citations:review "
    "citations:subscribe evidence:read "
    "law:read law:write law:approve"
)


def claims(subject: str = "sara", **changes: Any) -> dict[str, Any]:
    """Claims of an officer's token, as access gives them."""
    return SIGNER.claims(f"person:{subject}", **{"scope": EVERY_SCOPE, **changes})


def token(subject: str = "sara", **changes: Any) -> str:
    return SIGNER.token(f"person:{subject}", **{"scope": EVERY_SCOPE, **changes})


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

    def machine(self, client_id: str, **changes: Any) -> httpx.AsyncClient:
        """A client by itself, with every scope."""
        machine = {"act": None, "client_id": client_id, "scope": EVERY_SCOPE, **changes}
        headers = {
            "Authorization": f"Bearer {SIGNER.token(client_id, **machine)}",
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
        seen = await self.seen(**changes)
        await self.publish(seen, plate_read(seen, plate))
        return UUID((await self.outcome(seen))["citation_id"])

    async def seen(self, **changes: Any) -> ViolationDetected:
        """A violation whose evidence is of its own county and time."""
        where, at = changes.get("county"), changes.get("captured_at")
        if where is not None or at is not None:
            its = await recorded_elsewhere(self.recorded, where or "semnan", at or CAPTURED_AT)
            changes = {"segments": its.links[1:4], "revision": its.revision, **changes}
        return self.violation(**changes)

    async def audited(
        self, subject: str, count: int, *, is_person: bool = True
    ) -> list[TicketsReadRecorded]:
        """The audit records of a person or a machine, once there are `count`."""
        subject = f"person:{subject}" if is_person else subject
        tap = AIOKafkaConsumer(
            TicketsReadRecorded.topic,
            bootstrap_servers=self.settings.kafka_bootstrap,
            auto_offset_reset="earliest",
        )
        found: list[TicketsReadRecorded] = []
        await tap.start()
        try:
            async with asyncio.timeout(20):
                while len(found) < count:
                    try:
                        record = TicketsReadRecorded.from_json((await tap.getone()).value)
                    except ValidationError:
                        continue  # another test's bad message
                    if record.subject == subject:
                        found.append(record)
        finally:
            await tap.stop()
        return sorted(found, key=lambda each: each.sequence)

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
    values: dict[str, Any] = {
        "http_port": 0,
        "public_url": "http://localhost",
        "metrics_port": 0,
        "database_url": engines.addresses()["database_urls"]["tickets"],
        **bus_settings(engines),
        **object_settings(engines, "tickets"),
        "token_issuer": ISSUER,
        "jwks_url": jwks_url,
        "query_digest_key": QUERY_KEY,
        "evidence_keys": SETTING,
        "webhook_key": "webhooks-of-tests-" * 2,
        "webhook_networks": "127.0.0.0/8",
        "refusals_per_minute": 100_000,
        "requests_per_minute": 1_000_000,  # tests wait by asking, many at a time
        "pages_client_id": "tickets-pages",
        "pages_client_secret": "pages-secret",
        "access_url": "https://access.test",
        "undo_seconds": 0,  # what is decided is final, but where a test gives time to undo
        "second_look_share": 0,
        "same_offence_seconds": 0,  # one plate serves many tests
        "draft_retention_days": 1,
        "issued_retention_days": 2,
    }
    return Settings(**{**values, **changes})


@pytest.fixture(scope="session")
async def jwks_url() -> AsyncIterator[str]:
    async with SIGNER.keys_served() as url:
        yield url


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
