"""Citations that `tickets` drafts a second: from a violation and its read on the bus to a bundle
under lock that an officer can claim, next to copying the same clips into the store."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from payesh.kit.bus import Producer
from payesh.kit.database import Database
from payesh.kit.migrations import run_migrations
from payesh.kit.objects import ObjectStore
from payesh.local.engines import EngineSet, LocalEngines
from payesh.local.topics import create_topics
from payesh.tickets.main import MIGRATIONS, create
from tests.integration.tickets.conftest import (
    SIGNER,
    Office,
    office_settings,
)
from tests.support.engine_settings import store_of
from tests.support.recorded_evidence import record
from tests.support.serving import served
from tests.support.violation_builder import plate_read

_DRAFTS = 150


async def measure_drafting() -> dict[str, Any]:
    """Each draft checks four links, joins init and three fragments into a clip, locks clip, shots,
    revision and manifest, and is published through the outbox."""
    with TemporaryDirectory(prefix="payesh-bench-") as folder:
        engines = LocalEngines(Path(folder), survives_power_loss=False)
        try:
            await engines.start()
            async with office_on(engines) as office:
                seconds = await draft(office, _DRAFTS)
                copied, size = await copy(office, store_of(engines), _DRAFTS)
        finally:
            engines.kill()
    return {
        "drafts": _DRAFTS,
        "clip_bytes": size,
        "per_second": round(_DRAFTS / seconds, 1),
        "per_second_copy_only": round(_DRAFTS / copied, 1),
        "ratio_to_copy_only": round(seconds / copied, 2),
    }


@asynccontextmanager
async def office_on(engines: EngineSet) -> AsyncIterator[Office]:
    """tickets as it runs, on these engines, with evidence to draft of."""
    await create_topics(engines.addresses()["kafka_bootstrap"])
    url = engines.addresses()["database_urls"]["tickets"]
    await asyncio.to_thread(run_migrations, url, MIGRATIONS)
    async with SIGNER.keys_served() as keys_url:
        settings = office_settings(engines, keys_url)
        recorded = await record(store_of(engines))
        database, producer = Database(url), Producer(settings)
        await producer.start()
        app = create(settings)
        async with served(app) as office_url:
            yield Office(office_url, settings, app, database, producer, recorded)
        await producer.stop()
        await database.close()


async def draft(office: Office, drafts: int) -> float:
    """Seconds to draft so many, from the bus to what an officer can claim."""
    seen = [office.violation(passage_id=uuid4()) for _ in range(drafts)]
    # The first draft includes the forming of the consumer's group, which is not measured.
    await office.draft()
    began = time.perf_counter()
    await asyncio.gather(*(office.publish(v, plate_read(v)) for v in seen))
    for violation in seen:
        assert (await office.outcome(violation, timeout_s=120))["state"] == "drafted"
    return time.perf_counter() - began


async def copy(office: Office, store: ObjectStore, drafts: int) -> tuple[float, int]:
    """Seconds to put as many clips of that size into the store, as many at a time."""
    clip = office.recorded.init + b"".join(office.recorded.fragments[1:4])
    gate = asyncio.Semaphore(4)

    async def put(number: int) -> None:
        async with gate:
            key = f"bench/{uuid4()}/{number}.mp4"
            await store.put("segments", key, clip, media_type="video/mp4")

    began = time.perf_counter()
    await asyncio.gather(*(put(n) for n in range(drafts)))
    return time.perf_counter() - began, len(clip)
