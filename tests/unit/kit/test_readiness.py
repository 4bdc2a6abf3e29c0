"""Promises of `/readyz`: every dependency, consumer and relay counts in it."""

import ast
import asyncio
import inspect
from pathlib import Path
from typing import ClassVar

import pytest

from payesh.kit.bus import Producer
from payesh.kit.database import Database
from payesh.kit.health import readiness
from payesh.kit.relay import Relay
from payesh.kit.settings import BusSettings
from tests.support.waiting import eventually


class ReadinessSettings(BusSettings):
    service: ClassVar[str] = "readiness-test"


SERVICES = Path(__file__).parents[3] / "services"


def called(tree: ast.AST, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


async def test_a_dependency_that_raises_or_is_silent_is_not_ok(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def answers() -> None: ...

    async def raises() -> None:
        raise ConnectionRefusedError

    async def is_silent() -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("payesh.kit.health._PATIENCE_S", 0.05)
    probes = {"store": answers, "bus": raises, "peer": is_silent}
    assert await readiness(probes, relay=None) == {
        "store": "ok",
        "bus": "ConnectionRefusedError",
        "peer": "no answer",
    }


async def test_a_relay_brings_its_own_state_and_that_of_its_database() -> None:
    database = Database("postgresql+asyncpg://127.0.0.1:1/none")
    relay = Relay(database, Producer(ReadinessSettings(kafka_bootstrap="127.0.0.1:1")))
    assert await readiness({}, relay=relay) == {
        "database": "DatabaseUnavailable",
        "outbox relay": "ok",
    }
    await relay.start()
    await eventually(lambda: relay.blocked_by is not None)
    assert (await readiness({}, relay=relay))["outbox relay"] == "waits for database"
    await relay.stop()
    await database.close()


def test_the_relay_cannot_be_left_out() -> None:
    assert inspect.signature(readiness).parameters["relay"].default is inspect.Parameter.empty
    services_with_a_relay = 0
    for path in SERVICES.glob("*/src/payesh/*/*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        if called(tree, "Relay"):
            services_with_a_relay += 1
            asked = called(tree, "readiness")
            assert asked, f"{path}: a relay and no readiness"
            for call in asked:
                (relay,) = [each.value for each in call.keywords if each.arg == "relay"]
                assert not isinstance(relay, ast.Constant), f"{path}: the relay does not count"
    assert services_with_a_relay == 5
