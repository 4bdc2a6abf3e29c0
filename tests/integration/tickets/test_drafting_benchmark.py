"""`make bench` is not run by CI: its parts are imported here, and a little drafting is measured."""

from payesh.local.engines import EngineSet
from tests.integration.tickets.conftest import Office
from tests.load import drafting
from tests.load.bench import PARTS
from tests.support.engine_settings import store_of


async def test_the_benchmark_of_drafting_measures_what_it_says(
    office: Office, engines: EngineSet
) -> None:
    assert "drafts" in PARTS
    assert (await drafting.draft(office, 2)).processor_s > 0
    copying, size_bytes = await drafting.copy(office, store_of(engines), 2)
    assert copying.seconds > 0
    assert size_bytes > 10_000
