"""Fixtures: real engines for tests, chosen by `PAYESH_TEST_ENGINES`.

`local` (the default) is what comes from wheels; `production` is Apache Kafka and MinIO.
"""

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from payesh.local.engines import EngineSet, EngineUnavailable, LocalEngines, ProductionEngines


def chosen_engines() -> str:
    """`local` or `production`."""
    choice = os.environ.get("PAYESH_TEST_ENGINES", "local")
    if choice not in ("local", "production"):
        raise ValueError(f"PAYESH_TEST_ENGINES is local or production, not {choice!r}")
    return choice


@asynccontextmanager
async def running_engines(*, durable_bus: bool) -> AsyncIterator[EngineSet]:
    """The chosen engines in a folder of their own, gone afterwards.

    Skips the test, with the reason, where they cannot be built.
    """
    with tempfile.TemporaryDirectory(prefix="payesh-engines-") as folder:
        engines: EngineSet
        if chosen_engines() == "production":
            engines = ProductionEngines(Path(folder), survives_power_loss=False)
        else:
            engines = LocalEngines(Path(folder), durable_bus=durable_bus, survives_power_loss=False)
        try:
            await engines.start()
            yield engines
        except EngineUnavailable as error:
            pytest.skip(f"engines absent: {error}")
        finally:
            # Killed: their data is thrown away, and an orderly stop takes seconds.
            engines.kill()


@pytest.fixture(scope="session")
async def engines() -> AsyncIterator[EngineSet]:
    """Shared by the whole run: leave them running, and use names of your own in them."""
    async with running_engines(durable_bus=False) as running:
        yield running


@pytest.fixture(scope="module")
async def breakable_engines() -> AsyncIterator[EngineSet]:
    """A module's own, to stop, kill and restart; the bus keeps its messages over that."""
    async with running_engines(durable_bus=True) as running:
        yield running
