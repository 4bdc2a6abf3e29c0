"""The services consume and produce what asyncapi.yaml names."""

import ast
from pathlib import Path

import pytest

from payesh.contracts import AUDIT_RECORDS, EVENTS
from payesh.contracts.topics import document

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
    """Topics whose events are constructed, in the service or in the kit for all of them."""
    found = set()
    for path in (SERVICES / service / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                found |= {BY_CLASS[name] for name in {node.func.id} & BY_CLASS.keys()}
    return found


@pytest.mark.parametrize("service", ["ingest", "detect", "plates", "tickets", "access"])
def test_a_service_consumes_what_the_document_says(service: str) -> None:
    channels = document()["channels"].values()
    named = {c["address"] for c in channels if service in c["x-consumers"]}
    assert handled(service) == named


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
