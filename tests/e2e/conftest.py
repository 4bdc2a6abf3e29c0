"""One house for the whole suite: starting it takes half as long as a film."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from payesh.local.engines import EngineUnavailable
from tests.support.engines import chosen_engines
from tests.support.running_house import House, Shown, running_house


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="package")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    logs = tmp_path_factory.mktemp("house")
    try:
        # Not in pytest's folder, which every other pytest of this user closes to PostgreSQL's.
        with tempfile.TemporaryDirectory(prefix="payesh-house-") as folder:
            async with running_house(Path(folder), logs, chosen_engines()) as running:
                yield running
    except EngineUnavailable as error:
        pytest.skip(f"engines absent: {error}")


@pytest.fixture(scope="package")
async def live(house: House) -> Shown:
    """A camera that shows the street once, while bad input comes in at every door."""
    return await house.show("e2e-live")
