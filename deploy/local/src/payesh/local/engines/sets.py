"""Engines that run together, with one set of addresses for services and tests."""

import asyncio
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict

from payesh.local.engines.buckets import ENTITLEMENTS, Bucket, Right
from payesh.local.engines.kafka import KafkaBroker
from payesh.local.engines.minio_server import MinioServer
from payesh.local.engines.postgres import SERVICES, Postgres
from payesh.local.engines.process import Engine
from payesh.local.engines.seaweed import SeaweedStore
from payesh.local.engines.tansu import S3Storage, TansuBroker

# Where the durable bus of the local stack keeps its log.
_BUS_BUCKET = Bucket("bus")


class Addresses(TypedDict):
    """Addresses and credentials for services; the same keys whichever engines run."""

    kafka_bootstrap: str
    kafka_idempotence: bool  # whether producers may use it: Apache Kafka yes, Tansu no
    s3_endpoint: str  # host:port
    s3_secure: bool
    s3_keys: dict[str, tuple[str, str]]  # service -> access key, secret key
    database_urls: dict[str, str]  # service -> postgresql+asyncpg://...
    migration_urls: dict[str, str]  # the same for the owner of the service's tables


class EngineSet(ABC):
    """A bus, an object store and a database in one folder.

    `survives_power_loss`: see Postgres; off for data that is thrown away.
    """

    bus: TansuBroker | KafkaBroker
    objects: SeaweedStore | MinioServer
    database: Postgres
    kafka_idempotence: bool

    @property
    def engines(self) -> tuple[Engine, ...]:
        return self.bus, self.objects, self.database

    @abstractmethod
    async def start(self) -> None:
        """Start all; none is left running when one fails. Raises EngineError."""

    async def stop(self, timeout_s: float = 20.0) -> None:
        """Stop all; what does not end within `timeout_s` is killed."""
        await asyncio.gather(*(engine.stop(timeout_s) for engine in self.engines))

    def kill(self) -> None:
        """SIGKILL to all."""
        for engine in self.engines:
            engine.kill()

    def addresses(self) -> Addresses:
        return {
            "kafka_bootstrap": self.bus.bootstrap,
            "kafka_idempotence": self.kafka_idempotence,
            "s3_endpoint": self.objects.endpoint,
            "s3_secure": self.objects.secure,
            "s3_keys": {name: self.objects.credentials_for(name) for name in ENTITLEMENTS},
            "database_urls": {name: self.database.database_url(name) for name in SERVICES},
            "migration_urls": {name: self.database.migration_url(name) for name in SERVICES},
        }

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _start_together(self, *engines: Engine) -> None:
        outcomes = await asyncio.gather(*(e.start() for e in engines), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                self.kill()
                raise outcome


class LocalEngines(EngineSet):
    """Tansu, SeaweedFS and PostgreSQL, all from wheels.

    `durable_bus` keeps the bus's log on a SeaweedFS of its own (`bus_store`), so that it
    survives a restart, and an outage of `objects` is not one of the bus as well.
    """

    kafka_idempotence = False
    bus: TansuBroker
    objects: SeaweedStore

    def __init__(
        self, data_dir: Path, durable_bus: bool = False, *, survives_power_loss: bool = True
    ) -> None:
        self.objects = SeaweedStore(data_dir / "seaweedfs")
        self.database = Postgres(data_dir / "postgres", survives_power_loss=survives_power_loss)
        self.bus_store = _bus_store(data_dir / "tansu-store") if durable_bus else None
        storage = _storage_on(self.bus_store) if self.bus_store else None
        self.bus = TansuBroker(data_dir / "tansu", storage)

    @property
    def engines(self) -> tuple[Engine, ...]:
        return super().engines if self.bus_store is None else (*super().engines, self.bus_store)

    async def start(self) -> None:
        if self.bus_store is not None:
            await self._start_together(self.bus_store, self.objects, self.database)
        await self._start_together(*self.engines)

    async def stop(self, timeout_s: float = 20.0) -> None:
        """Stop all, the bus first: a durable one writes to its store to the end."""
        await self.bus.stop(timeout_s)
        await super().stop(timeout_s)


def _bus_store(data_dir: Path) -> SeaweedStore:
    entitlements = {"bus": {_BUS_BUCKET.name: frozenset(Right)}}
    return SeaweedStore(data_dir, buckets=[_BUS_BUCKET], entitlements=entitlements)


def _storage_on(store: SeaweedStore) -> S3Storage:
    # The endpoint is asked at each start: a store's port may change before its first one.
    return S3Storage(_BUS_BUCKET.name, lambda: store.endpoint, *store.credentials_for("bus"))


class ProductionEngines(EngineSet):
    """Apache Kafka, MinIO and PostgreSQL: what production runs, one node each.

    Raises EngineUnavailable at the start where Java, Maven or Go are missing.
    """

    kafka_idempotence = True
    bus: KafkaBroker
    objects: MinioServer

    def __init__(self, data_dir: Path, *, survives_power_loss: bool = True) -> None:
        self.bus = KafkaBroker(data_dir / "kafka")
        self.objects = MinioServer(data_dir / "minio")
        self.database = Postgres(data_dir / "postgres", survives_power_loss=survives_power_loss)

    async def start(self) -> None:
        # Checked first, so that a missing tool is reported at once.
        self.bus.check_available()
        self.objects.check_available()
        await self._start_together(*self.engines)
