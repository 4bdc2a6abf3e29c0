"""One running stack for the whole suite: its start takes half as long as a film."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from payesh.local.engines import EngineUnavailable
from tests.support.engines import chosen_engines
from tests.support.running_stack import RunningStack, ShownCamera, running_stack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            # Films run at their own pace, and every service on a busy machine at half of its own.
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture(scope="package")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStack]:
    logs = tmp_path_factory.mktemp("stack")
    try:
        # Not in pytest's folder: another pytest of this user would deny it to PostgreSQL's user.
        with tempfile.TemporaryDirectory(prefix="payesh-stack-") as folder:
            async with running_stack(Path(folder), logs, chosen_engines()) as running:
                yield running
    except EngineUnavailable as error:
        pytest.skip(f"engines absent: {error}")


@pytest.fixture(scope="package")
async def live(running: RunningStack) -> ShownCamera:
    """A camera that shows the street once, while bad input comes in at every door."""
    return await running.show("e2e-live")
