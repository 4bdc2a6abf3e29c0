"""plates as it runs: its application served over HTTP on real engines, with real keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from payesh.contracts import (
    Event,
    PassageObserved,
    PlateRead,
    PlatesReadRecorded,
    ViolationDetected,
)
from payesh.contracts.values import ObjectReference
from payesh.kit.bus import Producer
from payesh.kit.database import Database
from payesh.kit.migrations import run_migrations
from payesh.kit.objects import MinioObjects
from payesh.local.bus_tap import BusTap
from payesh.local.engines import EngineSet
from payesh.local.topics import create_topics
from payesh.plates.adapters import reads
from payesh.plates.main import MIGRATIONS, create
from payesh.plates.settings import Settings
from tests.integration.plates.vehicle_picture import VEHICLE, car, jpeg
from tests.support.engine_settings import QUERY_KEY, bus_settings, object_settings, store_of
from tests.support.partitions import neighbour_of
from tests.support.passage_builder import passage
from tests.support.serving import served
from tests.support.signed_tokens import ISSUER, TokenSigner
from tests.support.violation_builder import plate_read, violation
from tests.support.waiting import eventually

KEEP_HOURS = 5


@dataclass
class RunningService:
    """The running service and its surroundings. `expired` and `unexpired` are reads that were in
    its table before it started."""

    url: str
    settings: Settings
    database: Database
    producer: Producer
    detect_store: MinioObjects
    tap: BusTap
    signer: TokenSigner
    expired: PlateRead
    unexpired: PlateRead

    def client(self, purpose: str | None = "test", **claims: Any) -> httpx.AsyncClient:
        token = self.signer.token(
            **{"scope": "reads:read", "counties": ["garmsar", "semnan"], **claims}
        )
        headers = {"Authorization": f"Bearer {token}"}
        if purpose is not None:
            headers["Payesh-Purpose"] = purpose
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20)

    async def crop(self, body: bytes) -> ObjectReference:
        """A crop stored with detect's rights; the service reads it with its own."""
        key = f"camera-1/{uuid4()}/0.jpg"
        return await self.detect_store.put("shots", key, body, media_type="image/jpeg")

    async def car_passage(self, *plates: str | None, **changes: Any) -> PassageObserved:
        """A passage with a shot for each plate; None is a car without a plate."""
        crops = [await self.crop(jpeg(car(plate))) for plate in plates]
        return passage(**{"crops": crops, "vehicle_in_crop": VEHICLE, **changes})

    async def publish(self, *events: Event) -> None:
        for event in events:
            await self.producer.publish(event)

    def reads_of(self, passage_id: UUID) -> list[PlateRead]:
        return [read for read in self.tap.events(PlateRead) if read.passage_id == passage_id]

    async def read_of(self, seen: PassageObserved) -> PlateRead:
        await eventually(lambda: bool(self.reads_of(seen.passage_id)))
        return self.reads_of(seen.passage_id)[0]

    async def after(self, seen: PassageObserved) -> PlateRead:
        """Wait until the partition of `seen` has advanced: the read of a later passage in it."""
        later = passage(passage_id=neighbour_of(seen.topic, seen.key()))
        await self.publish(later)
        return await self.read_of(later)

    async def audited(self, subject: str, number: int) -> list[PlatesReadRecorded]:
        """The audit records of a subject, once there are `number`."""

        def found() -> list[PlatesReadRecorded]:
            records = self.tap.events(PlatesReadRecorded)
            return sorted(
                (r for r in records if r.subject == subject), key=lambda each: each.sequence
            )

        await eventually(lambda: len(found()) >= number)
        return found()


@pytest.fixture(scope="session")
async def service(engines: EngineSet) -> AsyncIterator[RunningService]:
    """One service for all tests: each publishes passages of its own."""
    bootstrap = engines.addresses()["kafka_bootstrap"]
    await create_topics(bootstrap)
    url = engines.addresses()["database_urls"]["plates"]
    await asyncio.to_thread(run_migrations, url, MIGRATIONS)
    database, signer = Database(url), TokenSigner("plates")
    now = datetime.now(UTC)
    expired, unexpired = (plate_read(violation(county="garmsar"), "99ی99999") for _ in range(2))
    async with database.transaction() as session:
        await reads.add(session, expired, now - timedelta(seconds=1))
        await reads.add(session, unexpired, now + timedelta(hours=1))
    async with AsyncExitStack() as opened:
        jwks_url = await opened.enter_async_context(signer.keys_served())
        settings = Settings(
            http_port=0,
            metrics_port=0,
            database_url=url,
            token_issuer=ISSUER,
            jwks_url=jwks_url,
            query_digest_key=QUERY_KEY,
            refusals_per_minute=100_000,
            read_keep_hours=KEEP_HOURS,
            stretch_settle_s=1.0,
            **bus_settings(engines),
            **object_settings(engines, "plates"),
        )
        producer = Producer(settings)
        await producer.start()
        opened.push_async_callback(database.close)
        opened.push_async_callback(producer.stop)
        topics = (PlateRead.topic, PlatesReadRecorded.topic, ViolationDetected.topic)
        tap = await opened.enter_async_context(BusTap(bootstrap, topics))
        address = await opened.enter_async_context(served(create(settings)))
        yield RunningService(
            address,
            settings,
            database,
            producer,
            store_of(engines, "detect"),
            tap,
            signer,
            expired,
            unexpired,
        )
