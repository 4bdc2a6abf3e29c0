"""What is recorded of a request is bounded, whatever a caller sends."""

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


async def test_unknown_methods_share_one_label() -> None:
    transport = httpx.ASGITransport(Observation(Starlette()))
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest.test") as client:
        for method in ("GET", "BREW", "X-1", "X-2"):
            assert (await client.request(method, "/absent")).status_code == 404
    assert {"GET", "other"} <= methods()
    assert not methods() & {"BREW", "X-1", "X-2"}
