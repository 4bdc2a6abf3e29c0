"""Messages a second through inbox, outbox, relay, bus and inbox, next to the bus alone."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from payesh.contracts import AuditReadRecorded, Event, GapRecorded
from payesh.contracts.values import PlaceClass, RoadClass
from payesh.kit import outbox
from payesh.kit.bus import Consumer, Delivery, Producer
from payesh.kit.bus.envelope import envelope
from payesh.kit.database import Database
from payesh.kit.inbox import transactional
from payesh.kit.relay import Relay
from payesh.kit.settings import BusSettings
from payesh.kit.tables import kit_metadata
from payesh.local.engines import EngineSet, LocalEngines
from payesh.local.topics import create_topics
from tests.integration.kit.conftest import recorded
from tests.support.waiting import eventually

_MESSAGES = 20_000
_MESSAGES_OF_WRITERS = 4_000
_WRITERS = 8
_KEYS = 64

Effect = Callable[[AsyncSession, Delivery[Any]], Awaitable[None]]


class BenchSettings(BusSettings):
    service: ClassVar[str] = "bench"


async def measure_messages() -> dict[str, Any]:
    """All of it in one process, with one event loop; 64 keys, 4 partitions.

    `per_second`: from service to service, as events travel. One service takes a message with its
    inbox and adds one to its outbox, its relay publishes that, and another service takes it with
    its inbox. `per_second_a_transaction_each`: 8 writers add to an outbox in a transaction for
    each message, as requests do, and a service takes them. Clocks start when the consumers are
    members of their groups, which takes seconds and happens once.
    """
    with TemporaryDirectory(prefix="payesh-bench-") as folder:
        engines = LocalEngines(Path(folder), survives_power_loss=False)
        try:
            await engines.start()
            addresses = engines.addresses()
            await create_topics(addresses["kafka_bootstrap"])
            bench = _Bench(
                engines,
                BenchSettings(
                    kafka_bootstrap=addresses["kafka_bootstrap"],
                    kafka_idempotence=addresses["kafka_idempotence"],
                    kafka_session_timeout_ms=6000,
                ),
            )
            bare = await bench.bus_only()
            between_services = await bench.between_services()
            from_writers = await bench.from_writers()
        finally:
            engines.kill()
    return {
        "messages": _MESSAGES,
        "per_second": round(between_services),
        "per_second_a_transaction_each": round(from_writers),
        "per_second_bus_only": round(bare),
        "ratio_to_bus_only": round(bare / between_services, 2),
    }


class _Received:
    """What a service has received of a run: every message, those of a key in their order."""

    def __init__(self, run: str, count: int) -> None:
        self._run = run
        self._missing = count
        self._last: dict[str, int] = defaultdict(int)
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def effect(self, _session: AsyncSession, delivery: Delivery[AuditReadRecorded]) -> None:
        key, sequence = delivery.event.service, delivery.event.sequence
        if not key.startswith(self._run) or self._ended.done():
            return
        if sequence > self._last[key] + 1:
            self._ended.set_exception(RuntimeError(f"{sequence} came after {self._last[key]}"))
        elif sequence == self._last[key] + 1:  # a smaller one is of a transaction rolled back
            self._last[key] = sequence
            self._missing -= 1
            if not self._missing:
                self._ended.set_result(None)

    async def complete(self) -> None:
        """Wait for the last message. Raises RuntimeError when one was skipped."""
        await asyncio.wait_for(self._ended, 300)


@dataclass
class _Bench:
    engines: EngineSet
    settings: BusSettings

    async def bus_only(self) -> float:
        """A second, of messages produced with acknowledgement and consumed again."""
        messages = [envelope(event) for event in _records(uuid4().hex, _MESSAGES)]
        bootstrap = self.settings.kafka_bootstrap
        consumer = AIOKafkaConsumer(
            AuditReadRecorded.topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest"
        )
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
        await consumer.start()
        await producer.start()
        try:
            began = time.perf_counter()
            acknowledged = [
                await producer.send(m.topic, m.value, m.key, headers=list(m.headers))
                for m in messages
            ]
            await asyncio.gather(*acknowledged)
            received = 0
            while received < _MESSAGES:
                batches = await consumer.getmany(timeout_ms=1000)
                received += sum(len(batch) for batch in batches.values())
            return _MESSAGES / (time.perf_counter() - began)
        finally:
            await producer.stop()
            await consumer.stop()

    async def between_services(self) -> float:
        """A second, of messages that one service takes and answers and another service takes."""
        run = uuid4().hex
        received = _Received(run, _MESSAGES)
        began = 0.0

        async def answer(session: AsyncSession, delivery: Delivery[GapRecorded]) -> None:
            nonlocal began
            key = delivery.event.camera_id
            if key.startswith(run):
                began = began or time.perf_counter()
                await outbox.add(session, recorded(key, delivery.event.last_sequence or 0))

        async with (
            self._service(f"{run}-last", {AuditReadRecorded: received.effect}) as last,
            self._service(f"{run}-first", {GapRecorded: answer}) as first,
        ):
            published = await first.producer.publish_all(
                [envelope(event) for event in _gaps(run, _MESSAGES)]
            )
            if published.fault is not None:
                raise published.fault
            await last.join()
            await first.consumer.start()
            await received.complete()
            return _MESSAGES / (time.perf_counter() - began)

    async def from_writers(self) -> float:
        """A second, of messages that writers add in a transaction each and a service takes."""
        run = uuid4().hex
        received = _Received(run, _MESSAGES_OF_WRITERS)
        events = _records(run, _MESSAGES_OF_WRITERS)
        async with self._service(run, {AuditReadRecorded: received.effect}) as service:

            async def write(own: Sequence[AuditReadRecorded]) -> None:
                for event in own:
                    async with service.database.transaction() as session:
                        await outbox.add(session, event)

            await service.join()
            began = time.perf_counter()
            await asyncio.gather(*(write(events[n::_WRITERS]) for n in range(_WRITERS)))
            await received.complete()
            return _MESSAGES_OF_WRITERS / (time.perf_counter() - began)

    @asynccontextmanager
    async def _service(
        self, group: str, effects: Mapping[type[Event], Effect]
    ) -> AsyncIterator["_Service"]:
        url = await self.engines.database.create_database(f"bench_{uuid4().hex[:12]}")
        tables = create_async_engine(url)
        async with tables.begin() as connection:
            await connection.run_sync(kit_metadata.create_all)
        await tables.dispose()
        database = Database(url)
        producer = Producer(self.settings)
        relay = Relay(database, producer)
        consumer = Consumer(
            self.settings,
            group=group,
            handlers={event: transactional(database, each) for event, each in effects.items()},
            producer=producer,
        )
        await producer.start()
        await relay.start()
        try:
            yield _Service(database, producer, consumer)
        finally:
            await consumer.stop()
            await relay.stop()
            await producer.stop()
            await database.close()


@dataclass
class _Service:
    database: Database
    producer: Producer
    consumer: Consumer

    async def join(self) -> None:
        """Start consuming, as a member of the group."""
        await self.consumer.start()
        await eventually(lambda: self.consumer.ready)


def _records(run: str, count: int) -> list[AuditReadRecorded]:
    return [recorded(f"{run}-{n % _KEYS}", 1 + n // _KEYS) for n in range(count)]


def _gaps(run: str, count: int) -> list[GapRecorded]:
    now, stream_id = datetime.now(UTC), uuid4()
    return [
        GapRecorded(
            camera_id=f"{run}-{n % _KEYS}",
            county="tehran",
            road_class=RoadClass.HIGHWAY,
            place_class=PlaceClass.A,
            gap_id=uuid4(),
            started_at=now,
            ended_at=now,
            reason="network",
            last_stream_id=stream_id,
            last_sequence=1 + n // _KEYS,
        )
        for n in range(count)
    ]
