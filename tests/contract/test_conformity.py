"""Schema and model give every message the same verdict: golden, broken and mutated."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from payesh.contracts import EVENTS, CameraRevision
from payesh.contracts.schemas import CONTRACTS, SchemaViolation, check

VALID = sorted((CONTRACTS / "examples").glob("*/valid-*.json"))
BROKEN = sorted((CONTRACTS / "examples").glob("*/broken-*.json"))
_REVISION_SCHEMA = jsonschema_rs.Draft202012Validator(
    json.loads((CONTRACTS / "documents/camera-revision.v1.schema.json").read_text("utf-8")),
    validate_formats=True,
)
ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 0.5, "", "naïve", "2026-11-20T06:30:00", "2026-11-20T06:30:00+03:30",
    "2026-13-45T06:30:00Z", [], {}, [None], 10**9,
)  # fmt: skip


def schema_accepts(topic: str, message: Any, *, producing: bool) -> bool:
    try:
        check(topic, message, producing=producing)
    except SchemaViolation:
        return False
    return True


def model_accepts(topic: str, message: Any, *, producing: bool) -> bool:
    body = json.dumps(message)
    try:
        if producing:
            EVENTS[topic].check_json(body)
        else:
            EVENTS[topic].from_json(body)
    except ValidationError:
        return False
    return True


def mutations(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, tuple[Any, ...], Any]]:
    """Every place of a message: its value replaced, its field dropped, a stranger added."""
    if path:
        for odd in ODD_VALUES:
            yield "replace", path, odd
        if isinstance(path[-1], str):
            yield "drop", path, None
    if isinstance(node, dict):
        yield "add", (*path, "an_unknown_field"), 1
        for name, child in node.items():
            yield from mutations(child, (*path, name))
    elif isinstance(node, list) and node:
        yield from mutations(node[0], (*path, 0))


def mutate(message: Any, kind: str, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(message)
    node = changed
    for part in path[:-1]:
        node = node[part]
    if kind == "drop":
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return changed


def test_every_event_has_a_schema_and_golden_and_broken_examples() -> None:
    schemas = {p.name.removesuffix(".schema.json") for p in (CONTRACTS / "events").iterdir()}
    assert schemas == set(EVENTS)
    assert {p.parent.name for p in VALID} == set(EVENTS)
    assert {p.parent.name for p in BROKEN} == set(EVENTS)


@pytest.mark.parametrize("path", VALID, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_golden_messages_pass_and_survive_a_round_trip(path: Path) -> None:
    topic, message = path.parent.name, json.loads(path.read_text("utf-8"))
    check(topic, message, producing=True)
    event = EVENTS[topic].check_json(json.dumps(message))
    check(topic, json.loads(event.to_json()), producing=True)
    assert EVENTS[topic].from_json(event.to_json()) == event
    assert event.event_id() == EVENTS[topic].from_json(event.to_json()).event_id()
    assert event.key()


@pytest.mark.parametrize("path", BROKEN, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_broken_messages_are_refused_by_both(path: Path) -> None:
    topic, message = path.parent.name, json.loads(path.read_text("utf-8"))
    assert not schema_accepts(topic, message, producing=False)
    assert not model_accepts(topic, message, producing=False)


@pytest.mark.parametrize("path", VALID, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_mutated_messages_get_the_same_verdict(path: Path) -> None:
    topic, message = path.parent.name, json.loads(path.read_text("utf-8"))
    disagreements = []
    tried = 0
    for kind, place, value in mutations(message):
        changed = mutate(message, kind, place, value)
        for producing in (True, False):
            tried += 1
            by_schema = schema_accepts(topic, changed, producing=producing)
            by_model = model_accepts(topic, changed, producing=producing)
            if by_schema != by_model:
                disagreements.append((kind, place, value, producing, by_schema, by_model))
            if kind == "add":
                assert by_schema is not producing, (place, "unknown fields: consumers only")
    assert tried > 50
    assert not disagreements, disagreements[:5]


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_naive_and_offset_times_are_refused_by_both(topic: str) -> None:
    message = json.loads((CONTRACTS / "examples" / topic / "valid-1.json").read_text("utf-8"))
    for field in [name for name in message if name.endswith("_at")]:
        for time in ("2026-11-20T06:30:00", "2026-11-20T10:00:00+03:30"):
            changed = {**message, field: time}
            assert not schema_accepts(topic, changed, producing=False)
            assert not model_accepts(topic, changed, producing=False)


def _revision_verdicts(message: Any) -> tuple[bool, bool]:
    by_schema = not list(_REVISION_SCHEMA.iter_errors(message))
    try:
        CameraRevision.model_validate_json(json.dumps(message))
    except ValidationError:
        return by_schema, False
    return by_schema, True


def test_mutated_camera_revisions_get_the_same_verdict_of_schema_and_model() -> None:
    message = json.loads((CONTRACTS / "documents/camera-revision.v1.example.json").read_text())
    assert _revision_verdicts(message) == (True, True)
    revision = CameraRevision.model_validate_json(json.dumps(message))
    assert json.loads(revision.model_dump_json()) == message
    disagreements = [
        (kind, place, value)
        for kind, place, value in mutations(message)
        if len(set(_revision_verdicts(mutate(message, kind, place, value)))) == 2
    ]
    assert not disagreements, disagreements[:5]


def test_a_camera_revision_without_marks_is_read_as_it_was_written_before_there_were_any() -> None:
    message = json.loads((CONTRACTS / "documents/camera-revision.v1.example.json").read_text())
    marks = (
        "lines",
        "regions",
        "lanes",
        "movements",
        "signal_heads",
        "limits",
        "schedules",
        "stretches",
    )
    for name in (*marks, "incidents"):
        del message[name]
    assert _revision_verdicts(message) == (True, True)
    revision = CameraRevision.model_validate_json(json.dumps(message))
    assert all(getattr(revision, name) == () for name in marks)
    assert revision.incidents is None
