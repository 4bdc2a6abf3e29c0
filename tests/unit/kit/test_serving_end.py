"""A running service: its health, its metrics, an orderly stop, one line about a wrong setting."""

import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import httpx
import pytest

pytestmark = pytest.mark.slow

SCRIPT = """
import contextlib, sys
from typing import ClassVar
from payesh.kit.http import create_app, serve, service_cli
from payesh.kit.settings import HttpSettings

class Settings(HttpSettings):
    service: ClassVar[str] = "small"

@contextlib.asynccontextmanager
async def lifespan(app):
    yield
    print("stopped in order", flush=True)

async def ready():
    return {"bus": "BusUnavailable"}

def app():
    return create_app(service="small", settings=None, lifespan=lifespan, routers=[], ready=ready)

def run():
    serve(app(), Settings())

service_cli("small", serve=run, migrate=None, openapi=app)(sys.argv[1:])
"""


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_service_reports_its_readiness_and_stops_in_order() -> None:
    port, metrics_port = free_port(), free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "serve"],
        env={"PAYESH_HTTP_PORT": str(port), "PAYESH_METRICS_PORT": str(metrics_port)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in range(200):
            try:
                health = httpx.get(f"http://127.0.0.1:{port}/healthz")
                break
            except httpx.ConnectError:
                time.sleep(0.05)
        assert health.status_code == 200
        missing = httpx.get(f"http://127.0.0.1:{port}/absent")
        assert missing.headers["x-content-type-options"] == "nosniff"
        ready = httpx.get(f"http://127.0.0.1:{port}/readyz")
        assert ready.status_code == 503
        assert ready.json()["dependencies"] == {"bus": "BusUnavailable"}
        metrics = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics")
        assert "payesh_outbox_backlog" in metrics.text
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert out.endswith("stopped in order\n")
    assert process.returncode == 0


def test_a_wrong_setting_is_reported_in_one_line() -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, "serve"],
        env={"PAYESH_HTTP_PORT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.strip() == "payesh-small: PAYESH_METRICS_PORT: Field required"


def test_openapi_needs_no_settings() -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, "openapi"],
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"title": "Payesh small"' in run.stdout
