"""Engines that belong together, seen by services and tests through one set of addresses."""

import asyncio
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict

from payesh.local.engines.buckets import ENTITLEMENTS
from payesh.local.engines.kafka import KafkaBroker
from payesh.local.engines.minio_server import MinioServer
from payesh.local.engines.postgres import SERVICES, Postgres
from payesh.local.engines.process import Engine
from payesh.local.engines.seaweed import BUS_BUCKET, SeaweedStore
from payesh.local.engines.tansu import S3Storage, TansuBroker


class Addresses(TypedDict):
    """What services need to know; the same keys whichever engines run."""

    kafka_bootstrap: str
    kafka_idempotence: bool  # may producers ask for it: Apache Kafka yes, Tansu no
    s3_endpoint: str  # host:port
    s3_secure: bool
    s3_keys: dict[str, tuple[str, str]]  # service -> access key, secret key
    database_urls: dict[str, str]  # service -> postgresql+asyncpg://...


class EngineSet(ABC):
    """A bus, an object store and a database in one folder."""

    bus: TansuBroker | KafkaBroker
    objects: SeaweedStore | MinioServer
    database: Postgres
    kafka_idempotence: bool

    @property
    def engines(self) -> tuple[Engine, Engine, Engine]:
        return self.bus, self.objects, self.database

    @abstractmethod
    async def start(self) -> None:
        """Start all; none is left running when one fails. Raises EngineError."""

    async def stop(self, timeout_s: float = 20.0) -> None:
        """Stop all, the bus first: a durable one writes to the object store to the end."""
        await self.bus.stop(timeout_s)
        await asyncio.gather(self.objects.stop(timeout_s), self.database.stop(timeout_s))

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

    `durable_bus` keeps the bus's log in SeaweedFS, so that it survives a restart.
    """

    kafka_idempotence = False
    bus: TansuBroker
    objects: SeaweedStore

    def __init__(self, data_dir: Path, durable_bus: bool = False) -> None:
        self.objects = SeaweedStore(data_dir / "seaweedfs")
        self.database = Postgres(data_dir / "postgres")
        self._durable_bus = durable_bus
        storage = None
        if durable_bus:
            access_key, secret_key = self.objects.credentials_for("bus")
            storage = S3Storage(
                BUS_BUCKET.name, lambda: self.objects.endpoint, access_key, secret_key
            )
        self.bus = TansuBroker(data_dir / "tansu", storage)

    async def start(self) -> None:
        if self._durable_bus:
            await self._start_together(self.objects, self.database)
            await self._start_together(self.bus)
        else:
            await self._start_together(*self.engines)


class ProductionEngines(EngineSet):
    """Apache Kafka, MinIO and PostgreSQL: what production runs, one node each.

    Raises EngineUnavailable at the start where Java, Maven or Go are missing.
    """

    kafka_idempotence = True
    bus: KafkaBroker
    objects: MinioServer

    def __init__(self, data_dir: Path) -> None:
        self.bus = KafkaBroker(data_dir / "kafka")
        self.objects = MinioServer(data_dir / "minio")
        self.database = Postgres(data_dir / "postgres")

    async def start(self) -> None:
        await self._start_together(*self.engines)
