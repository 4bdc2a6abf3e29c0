"""What is kept of a request is bounded by our routes, whatever the request says."""

import httpx
from prometheus_client import REGISTRY
from starlette.applications import Starlette

from payesh.kit.observation import Observation


def methods() -> set[str]:
    return {
        sample.labels["method"]
        for metric in REGISTRY.collect()
        if metric.name.startswith("payesh_http")
        for sample in metric.samples
    }


async def test_methods_that_nobody_knows_are_one_label():
    transport = httpx.ASGITransport(Observation(Starlette()))
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest.test") as client:
        for method in ("GET", "BREW", "X-1", "X-2"):
            assert (await client.request(method, "/nowhere")).status_code == 404
    assert {"GET", "other"} <= methods()
    assert not methods() & {"BREW", "X-1", "X-2"}
