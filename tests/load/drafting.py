"""Citations that `tickets` drafts a second: from a violation and its read on the bus to a bundle
under lock that an officer can claim, next to copying the same clips into the store.

The service is a process of its own, as it is deployed, so that its processor time is its own: what
one core drafts a second is that, on whatever else the machine has to do.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import psutil
from pydantic import SecretStr
from sqlalchemy import text

from payesh.kit.bus import Producer
from payesh.kit.database import Database
from payesh.kit.migrations import run_migrations
from payesh.kit.objects import ObjectStore
from payesh.local.engines import EngineSet, LocalEngines
from payesh.local.service_process import ServiceProcess
from payesh.local.topics import create_topics
from payesh.tickets.main import MIGRATIONS, create
from payesh.tickets.settings import Settings
from tests.integration.tickets.conftest import (
    SIGNER,
    Office,
    office_settings,
)
from tests.support.engine_settings import store_of
from tests.support.recorded_evidence import record
from tests.support.serving import served
from tests.support.violation_builder import plate_read
from tests.support.waiting import eventually

_DRAFTS = 600
_COPIES_AT_ONCE = 4


async def measure_drafting(drafts: int = _DRAFTS) -> dict[str, Any]:
    """Each draft checks four links, joins init and three fragments into a clip, locks clip, shots,
    documents and manifest, is signed, and is published through the outbox."""
    with TemporaryDirectory(prefix="payesh-bench-") as folder:
        engines = LocalEngines(Path(folder), survives_power_loss=False)
        try:
            await engines.start()
            async with office_beside(engines, Path(folder) / "tickets") as (office, pid):
                drafting = await draft(office, drafts, pid)
                copying, size = await copy(office, store_of(engines), drafts)
        finally:
            engines.kill()
    return {
        "drafts": drafts,
        "clip_bytes": size,
        "per_second": round(drafts / drafting.seconds, 1),
        "processor_ms_each": round(1000 * drafting.processor_s / drafts, 2),
        "per_second_of_one_core": round(drafts / drafting.processor_s, 1),
        "copy_only_per_second": round(drafts / copying.seconds, 1),
        "copy_only_processor_ms_each": round(1000 * copying.processor_s / drafts, 2),
        "ratio_to_copy_only": round(drafting.seconds / copying.seconds, 2),
        "ratio_of_processor_time": round(drafting.processor_s / copying.processor_s, 2),
    }


class Cost:
    """Seconds on the clock, and of the processor by one process with its threads."""

    def __init__(self, pid: int | None = None) -> None:
        self._process = psutil.Process(pid)
        self.seconds = self.processor_s = 0.0

    def __enter__(self) -> "Cost":
        self._began, self._used = time.perf_counter(), self._processor_s()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._began
        self.processor_s = self._processor_s() - self._used

    def _processor_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


@asynccontextmanager
async def office_on(engines: EngineSet) -> AsyncIterator[Office]:
    """tickets as it runs, in this process, with evidence to draft of."""
    async with _surroundings(engines) as (settings, database, producer):
        app = create(settings)
        recorded = await record(store_of(engines))
        async with served(app) as url:
            yield Office(url, settings, app, database, producer, recorded)


@asynccontextmanager
async def office_beside(engines: EngineSet, folder: Path) -> AsyncIterator[tuple[Office, int]]:
    """tickets as a process of its own, with its id."""
    async with _surroundings(engines) as (settings, database, producer):
        process = ServiceProcess(
            "tickets", "tickets", "serve", folder, lambda its: _environment(settings, its)
        )
        recorded = await record(store_of(engines))
        await process.start()
        try:
            assert process.pid is not None
            app = create(settings)  # for what an office has: it is not served
            yield Office(process.url, settings, app, database, producer, recorded), process.pid
        finally:
            process.kill()


@asynccontextmanager
async def _surroundings(engines: EngineSet) -> AsyncIterator[tuple[Settings, Database, Producer]]:
    await create_topics(engines.addresses()["kafka_bootstrap"])
    url = engines.addresses()["database_urls"]["tickets"]
    await asyncio.to_thread(run_migrations, url, MIGRATIONS)
    async with SIGNER.keys_served() as keys_url:
        deployed = Settings.model_fields["same_offence_seconds"].default
        settings = office_settings(engines, keys_url, same_offence_seconds=deployed)
        database, producer = Database(url), Producer(settings)
        await producer.start()
        yield settings, database, producer
        await producer.stop()
        await database.close()


def _environment(settings: Settings, process: ServiceProcess) -> Mapping[str, str]:
    """The settings that were given, as the service reads them."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    given |= {"http_port": process.http_port, "metrics_port": process.metrics_port}
    given["log_level"] = "WARNING"
    return {
        f"PAYESH_{name.upper()}": value.get_secret_value()
        if isinstance(value, SecretStr)
        else str(value)
        for name, value in given.items()
    }


async def draft(office: Office, drafts: int, pid: int | None = None) -> Cost:
    """What so many cost the process, from the bus to what an officer can claim."""
    seen = [office.violation(passage_id=uuid4()) for _ in range(drafts)]
    # The first draft includes the forming of the consumer's group, which is not measured.
    await office.draft()
    before = await _drafted(office)
    # Each vehicle has a plate of its own: cases of one plate are drafted one after another.
    pairs = [(v, plate_read(v, f"12ج{number:05}")) for number, v in enumerate(seen, 11111)]
    with Cost(pid) as cost:
        await asyncio.gather(*(office.publish(*pair) for pair in pairs))
        await eventually(lambda: _are_drafted(office, before + drafts), timeout_s=300)
    return cost


async def _are_drafted(office: Office, count: int) -> bool:
    return await _drafted(office) >= count


async def _drafted(office: Office) -> int:
    counted = text("SELECT count(*) FROM citations WHERE state = 'drafted'")
    async with office.database.transaction() as session:
        return int(await session.scalar(counted) or 0)


async def copy(office: Office, store: ObjectStore, drafts: int) -> tuple[Cost, int]:
    """What it costs to put as many clips of that size into the store, and their size."""
    clip = office.recorded.init + b"".join(office.recorded.fragments[1:4])
    gate = asyncio.Semaphore(_COPIES_AT_ONCE)

    async def put(number: int) -> None:
        async with gate:
            key = f"bench/{uuid4()}/{number}.mp4"
            await store.put("segments", key, clip, media_type="video/mp4")

    with Cost() as cost:
        await asyncio.gather(*(put(n) for n in range(drafts)))
    return cost, len(clip)
