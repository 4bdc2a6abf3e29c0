"""detect's HTTP side as it runs: its application served over HTTP on real engines."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from payesh.contracts import (
    DetectReadRecorded,
    Event,
    IncidentObserved,
    PassageObserved,
    TrafficCounted,
)
from payesh.contracts.detect import LaneTraffic, TrafficCount
from payesh.contracts.values import Box, ClockSource, PlaceClass, RoadClass
from payesh.contracts.vocabulary import IncidentKind, VehicleClass
from payesh.detect.adapters import passages
from payesh.detect.main import MIGRATIONS, create
from payesh.detect.settings import Settings
from payesh.kit.bus import Producer
from payesh.kit.database import Database
from payesh.kit.migrations import run_migrations
from payesh.kit.objects import MinioObjects
from payesh.local.bus_tap import BusTap
from payesh.local.engines import EngineSet
from payesh.local.topics import create_topics
from tests.support.engine_settings import QUERY_KEY, bus_settings, object_settings, store_of
from tests.support.passage_builder import PROVENANCE, passage
from tests.support.serving import served
from tests.support.signed_tokens import ISSUER, TokenSigner
from tests.support.waiting import eventually

SCOPES = "traffic:read passages:read calibrations:write"


@dataclass
class CountingHouse:
    """The running service and what surrounds it. `expired` is a passage that lay in its table
    before it began; `files` may write what other services do."""

    url: str
    settings: Settings
    database: Database
    producer: Producer
    tap: BusTap
    signer: TokenSigner
    expired: PassageObserved
    files: MinioObjects

    def client(self, purpose: str | None = "test", **claims: Any) -> httpx.AsyncClient:
        rights = {"scope": SCOPES, "counties": ["garmsar"]}
        headers = {"Authorization": f"Bearer {self.signer.token(**{**rights, **claims})}"}
        if purpose is not None:
            headers["Payesh-Purpose"] = purpose
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20)

    async def publish(self, *events: Event) -> None:
        for event in events:
            await self.producer.publish(event)

    async def intervals(self, camera_id: str) -> list[dict[str, Any]]:
        """All that the tables hold of a camera."""
        async with self.client(counties="*") as http:
            answer = await http.get("/v1/traffic", params={"camera_id": camera_id, "limit": 200})
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def projected(self, *counted: TrafficCounted) -> None:
        """Publish, and wait until the tables hold the last one of each camera."""
        await self.publish(*counted)
        for last in {each.camera_id: each for each in counted}.values():

            async def held(last: TrafficCounted = last) -> bool:
                kept = [
                    (i["stream_id"], datetime.fromisoformat(i["started_at"]))
                    for i in await self.intervals(last.camera_id)
                ]
                return (str(last.stream_id), last.started_at) in kept

            await eventually(held)

    async def incidents(self, **query: Any) -> list[dict[str, Any]]:
        """All that the tables hold and a reader of all counties is shown."""
        async with self.client(counties="*") as http:
            answer = await http.get("/v1/incidents", params={"limit": 200, **query})
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def incident_shown(self, observed: IncidentObserved) -> None:
        """Wait until the table has what was published."""
        body = json.loads(observed.to_json())

        async def shown() -> bool:
            return body in await self.incidents(camera_id=observed.camera_id)

        await eventually(shown)

    async def audited(self, subject: str, number: int) -> list[DetectReadRecorded]:
        """The records of a subject's reads, once there are so many."""

        def found() -> list[DetectReadRecorded]:
            records = self.tap.events(DetectReadRecorded)
            return sorted((r for r in records if r.subject == subject), key=lambda r: r.sequence)

        await eventually(lambda: len(found()) >= number)
        return found()


def counted(camera_id: str, minute: datetime, *, vehicles: int = 3, **changes: Any) -> Any:
    """A minute of one lane's cars."""
    values: dict[str, Any] = {
        "camera_id": camera_id,
        "county": "garmsar",
        "road_class": RoadClass.MAIN_ARTERIAL,
        "place_class": PlaceClass.A,
        "started_at": minute,
        "ended_at": minute + timedelta(minutes=1),
        "counts": (
            TrafficCount(
                lane="1", vehicle_class=VehicleClass.CAR, vehicles=vehicles, mean_speed_kmh=51.5
            ),
        ),
        "lanes": (
            LaneTraffic(
                lane="1",
                vehicles=vehicles,
                mean_speed_kmh=51.5,
                p85_speed_kmh=60.25,
                mean_headway_s=None,
                occupancy=0.125,
                queue_vehicles=2,
                queue_m=None,
            ),
        ),
        "provenance": PROVENANCE,
    }
    return TrafficCounted(**{**values, **changes})


def incident(camera_id: str, began_at: datetime, **changes: Any) -> IncidentObserved:
    """A car that has stood for a minute."""
    values: dict[str, Any] = {
        "camera_id": camera_id,
        "county": "garmsar",
        "road_class": RoadClass.MAIN_ARTERIAL,
        "place_class": PlaceClass.A,
        "captured_at": began_at + timedelta(minutes=1),
        "clock_source": ClockSource.RTCP,
        "clock_u95_ms": 20.0,
        "incident_id": uuid4(),
        "stream_id": uuid4(),
        "revision": passage().revision,
        "incident": IncidentKind.STOPPED_VEHICLE,
        "began_at": began_at,
        "ended_at": None,
        "ended_by": None,
        "lane": "1",
        "box": Box(x_px=10.0, y_px=20.0, width_px=30.0, height_px=25.5),
        "vehicle_class": VehicleClass.CAR,
        "quantity": "standing_s",
        "value": 60.0,
        "threshold": 60.0,
        "provenance": PROVENANCE,
    }
    return IncidentObserved(**{**values, **changes})


@pytest.fixture(scope="session")
async def house(engines: EngineSet) -> AsyncIterator[CountingHouse]:
    """One service for all tests: each brings cameras of its own."""
    bootstrap = engines.addresses()["kafka_bootstrap"]
    await create_topics(bootstrap)
    url = engines.addresses()["database_urls"]["detect"]
    await asyncio.to_thread(run_migrations, url, MIGRATIONS)
    database, signer, expired = Database(url), TokenSigner("detect"), passage()
    async with database.transaction() as session:
        await passages.add(session, expired, datetime.now(UTC) - timedelta(seconds=1))
    async with AsyncExitStack() as opened:
        jwks_url = await opened.enter_async_context(signer.keys_served())
        settings = Settings(
            http_port=0,
            metrics_port=0,
            database_url=url,
            token_issuer=ISSUER,
            jwks_url=jwks_url,
            query_digest_key=QUERY_KEY,
            public_url="http://localhost",
            pages_client_id="detect-pages",
            pages_client_secret="pages-secret",
            access_url="https://access.test",
            refusals_per_minute=100_000,
            requests_per_minute=1_000_000,
            **bus_settings(engines),
            **object_settings(engines, "detect"),
        )
        producer = Producer(settings)
        await producer.start()
        opened.push_async_callback(database.close)
        opened.push_async_callback(producer.stop)
        tap = await opened.enter_async_context(BusTap(bootstrap, (DetectReadRecorded.topic,)))
        address = await opened.enter_async_context(served(create(settings)))
        files = store_of(engines)
        opened.callback(files.close)
        yield CountingHouse(address, settings, database, producer, tap, signer, expired, files)
