"""Messages a second through outbox, relay, bus, consumer and inbox, next to the bus alone."""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from payesh.contracts import AuditReadRecorded
from payesh.kit import outbox
from payesh.kit.bus import Consumer, Delivery, Producer
from payesh.kit.bus.envelope import envelope
from payesh.kit.database import Database
from payesh.kit.inbox import transactional
from payesh.kit.relay import Relay
from payesh.kit.settings import BusSettings
from payesh.kit.tables import kit_metadata
from payesh.local.engines import LocalEngines
from payesh.local.topics import create_topics
from tests.integration.kit.conftest import recorded

_MESSAGES = 4000
_WRITERS = 8
_KEYS = 64


class BenchSettings(BusSettings):
    service: ClassVar[str] = "bench"


async def measure_messages() -> dict[str, Any]:
    """One transaction a message on both sides, as services have it; 8 writers, 64 keys."""
    with TemporaryDirectory(prefix="payesh-bench-") as folder:
        engines = LocalEngines(Path(folder), survives_power_loss=False)
        try:
            await engines.start()
            addresses = engines.addresses()
            await create_topics(addresses["kafka_bootstrap"])
            settings = BenchSettings(
                kafka_bootstrap=addresses["kafka_bootstrap"],
                kafka_idempotence=addresses["kafka_idempotence"],
                kafka_session_timeout_ms=6000,
            )
            database_url = await engines.database.create_database("bench")
            bare = await _bare(addresses["kafka_bootstrap"])
            whole = await _whole(settings, database_url)
        finally:
            engines.kill()
    return {
        "messages": _MESSAGES,
        "per_second": round(_MESSAGES / whole),
        "per_second_bus_only": round(_MESSAGES / bare),
        "ratio_to_bus_only": round(whole / bare, 2),
    }


def _events(prefix: str) -> list[AuditReadRecorded]:
    return [recorded(f"{prefix}-{n % _KEYS}", 1 + n // _KEYS) for n in range(_MESSAGES)]


async def _bare(bootstrap: str) -> float:
    """Seconds to produce the same messages, acknowledged, and to consume them again."""
    messages = [envelope(event) for event in _events(uuid4().hex)]
    consumer = AIOKafkaConsumer(
        AuditReadRecorded.topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    )
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await consumer.start()
    await producer.start()
    try:
        began = time.perf_counter()
        acknowledged = [
            await producer.send(m.topic, m.value, m.key, headers=list(m.headers)) for m in messages
        ]
        await asyncio.gather(*acknowledged)
        received = 0
        while received < _MESSAGES:
            batches = await consumer.getmany(timeout_ms=1000)
            received += sum(len(batch) for batch in batches.values())
        return time.perf_counter() - began
    finally:
        await producer.stop()
        await consumer.stop()


async def _whole(settings: BusSettings, database_url: str) -> float:
    """Seconds from the first transaction to the last effect behind an inbox."""
    tables = create_async_engine(database_url)
    async with tables.begin() as connection:
        await connection.run_sync(kit_metadata.create_all)
    await tables.dispose()
    prefix = uuid4().hex
    database = Database(database_url)
    producer = Producer(settings)
    await producer.start()
    relay = Relay(database, producer)
    handled = 0
    everything = asyncio.Event()

    async def handle(session: AsyncSession, delivery: Delivery[AuditReadRecorded]) -> None:
        nonlocal handled
        handled += delivery.event.service.startswith(prefix)
        if handled == _MESSAGES:
            everything.set()

    async def write(events: list[AuditReadRecorded]) -> None:
        for event in events:
            async with database.transaction() as session:
                await outbox.add(session, event)

    consumer = Consumer(
        settings,
        group=prefix,
        handlers={AuditReadRecorded: transactional(database, handle)},
        producer=producer,
    )
    events = _events(prefix)
    await relay.start()
    began = time.perf_counter()
    try:
        await consumer.start()
        await asyncio.gather(*(write(events[n::_WRITERS]) for n in range(_WRITERS)))
        await everything.wait()
        return time.perf_counter() - began
    finally:
        await consumer.stop()
        await relay.stop()
        await producer.stop()
        await database.close()
