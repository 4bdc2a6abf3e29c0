"""Builders for the kit's tests: audit records serve as events, because they need no camera."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from payesh.contracts import AuditReadRecorded
from payesh.contracts.access import AuditOutcome
from payesh.kit.bus import Producer
from payesh.kit.database import Database
from payesh.kit.settings import BusSettings, ObjectSettings
from payesh.kit.tables import kit_metadata
from payesh.local.engines import EngineSet
from payesh.local.topics import create_topics
from tests.integration.kit.authority import Authority, application, client_of, running_authority
from tests.support.waiting import eventually


class KitTestSettings(BusSettings):
    service: ClassVar[str] = "kit-test"


def recorded(name: str, sequence: int) -> AuditReadRecorded:
    """An event whose key is `name`."""
    return AuditReadRecorded(
        record_id=uuid4(),
        service=name,
        sequence=sequence,
        recorded_at=datetime.now(UTC),
        subject="officer-1",
        actor="officer-1",
        agency="traffic-police",
        scope="reads:read",
        purpose="test",
        grant_id=None,
        action="search",
        resource_kind="read",
        resource_ids=("r-1",),
        outcome=AuditOutcome.GRANTED,
        trace_id=None,
    )


def bus_settings(engines: EngineSet, **changes: object) -> BusSettings:
    addresses = engines.addresses()
    values: dict[str, Any] = {
        "kafka_bootstrap": addresses["kafka_bootstrap"],
        "kafka_idempotence": addresses["kafka_idempotence"],
        "kafka_session_timeout_ms": 6000 if addresses["kafka_idempotence"] else 2000,
        "kafka_publish_timeout_ms": 5000,
    }
    return KitTestSettings(**{**values, **changes})


@pytest.fixture
def name() -> str:
    """A key of this test's own: topics are shared."""
    return f"t-{uuid4().hex[:12]}"


@pytest.fixture
def build() -> Callable[[str, int], AuditReadRecorded]:
    return recorded


@pytest.fixture
def settings_for() -> Callable[..., BusSettings]:
    return bus_settings


@pytest.fixture
def wait_until() -> Callable[..., Awaitable[None]]:
    return eventually


@pytest.fixture(scope="session")
async def bus(engines: EngineSet) -> BusSettings:
    await create_topics(engines.addresses()["kafka_bootstrap"])
    return bus_settings(engines)


@pytest.fixture
async def producer(bus: BusSettings) -> AsyncIterator[Producer]:
    started = Producer(bus)
    await started.start()
    yield started
    await started.stop()


@pytest.fixture(scope="session")
async def kit_database_url(engines: EngineSet) -> str:
    """A database with the kit's tables alone."""
    url = await engines.database.create_database("kit_test")
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(kit_metadata.create_all)
    await engine.dispose()
    return url


@pytest.fixture
async def database(kit_database_url: str) -> AsyncIterator[Database]:
    opened = Database(kit_database_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def object_settings(engines: EngineSet) -> ObjectSettings:
    addresses = engines.addresses()
    access_key, secret_key = engines.objects.credentials_for("admin")
    return ObjectSettings(
        s3_endpoint=addresses["s3_endpoint"],
        s3_secure=addresses["s3_secure"],
        s3_access_key=access_key,
        s3_secret_key=secret_key,
    )


@pytest.fixture(scope="session")
async def authority() -> AsyncIterator[Authority]:
    async with running_authority() as running:
        yield running


@pytest.fixture
async def client(authority: Authority, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of a service that trusts the authority; it keeps its cookies."""
    async with client_of(application(authority.url, database)) as opened:
        yield opened
