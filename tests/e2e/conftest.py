"""One house for the whole suite: starting it takes half as long as a film."""

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
    try:
        async with running_house(tmp_path_factory.mktemp("house"), chosen_engines()) as running:
            yield running
    except EngineUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="package")
async def live(house: House) -> Shown:
    """A camera that shows the street once, while bad input comes in at every door."""
    return await house.show("e2e-live")
