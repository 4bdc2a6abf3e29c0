"""The services consume and produce what asyncapi.yaml names."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

from payesh.contracts import AUDIT_RECORDS, EVENTS
from payesh.contracts.topics import document
from payesh.kit.settings import BusSettings, PeerSettings
from tests.architecture.walls import FOLLOWED_BY_THE_KIT

SERVICES = Path(__file__).resolve().parents[2] / "services"
BY_CLASS = {event.__name__: topic for topic, event in EVENTS.items()}


def handled(service: str) -> set[str]:
    """Topics whose events stand as keys in a table of handlers."""
    found = set()
    for path in (SERVICES / service / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Dict):
                names = {key.id for key in node.keys if isinstance(key, ast.Name)}
                found |= {BY_CLASS[name] for name in names & BY_CLASS.keys()}
    return found


def made(service: str) -> set[str]:
    """Topics whose events are constructed, in the service or in the kit for all of them. What a
    service is evaluated with is published by nobody."""
    found = set()
    for path in (SERVICES / service / "src").rglob("*.py"):
        if path.parent.name == "evaluation":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                found |= {BY_CLASS[name] for name in {node.func.id} & BY_CLASS.keys()}
    return found


@pytest.mark.parametrize("service", ["ingest", "detect", "plates", "tickets", "access"])
def test_a_service_consumes_what_the_document_says(service: str) -> None:
    channels = document()["channels"].values()
    named = {c["address"] for c in channels if service in c["x-consumers"]}
    assert handled(service) == named - {FOLLOWED_BY_THE_KIT}


@pytest.mark.parametrize("service", ["ingest", "detect", "plates", "tickets"])
def test_every_service_that_verifies_tokens_follows_revocations(service: str) -> None:
    channels = document()["channels"].values()
    followed = {c["address"] for c in channels if service in c["x-consumers"]}
    assert FOLLOWED_BY_THE_KIT in followed
    # The kit follows the topic, and asks access, for settings of this kind.
    settings = import_module(f"payesh.{service}.settings").Settings
    assert issubclass(settings, PeerSettings)
    assert issubclass(settings, BusSettings)


BY_THE_KIT = {event.topic for event in AUDIT_RECORDS.values()}


@pytest.mark.parametrize("service", ["ingest", "detect", "plates", "tickets", "access"])
def test_a_service_produces_what_the_document_says(service: str) -> None:
    channels = document()["channels"].values()
    named = {
        c["address"]
        for c in channels
        if service in c["x-producers"] and c.get("x-status") != "planned"
    }
    assert made(service) - BY_THE_KIT == named - BY_THE_KIT
