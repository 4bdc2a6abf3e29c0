"""asyncapi.yaml names every event, and brokers' topics come from it alone."""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from payesh.contracts import EVENTS
from payesh.contracts.compatibility import check, current_schemas
from payesh.contracts.compatibility import main as compatibility
from payesh.contracts.schemas import CONTRACTS
from payesh.contracts.topics import compose, document, strimzi, topics


def test_every_event_has_one_channel_and_the_channel_its_schema() -> None:
    addresses = [channel["address"] for channel in document()["channels"].values()]
    assert sorted(addresses) == sorted(EVENTS)
    for name, channel in document()["channels"].items():
        payload = document()["components"]["messages"][name]["payload"]["schema"]["$ref"]
        assert (CONTRACTS / payload).is_file()
        assert payload.endswith(f"/{channel['address']}.schema.json")


def test_operations_follow_producers_and_consumers() -> None:
    expected = set()
    for name, channel in document()["channels"].items():
        expected |= {f"{service}Sends{name}" for service in channel["x-producers"]}
        expected |= {f"{service}Receives{name}" for service in channel["x-consumers"]}
    assert set(document()["operations"]) == expected


def test_the_key_of_a_topic_is_a_field_of_its_event() -> None:
    for topic in topics():
        if topic.name in EVENTS:
            assert topic.key in EVENTS[topic.name].model_fields


def test_what_carries_a_plate_is_not_kept_longer_than_three_days_unless_it_is_a_citation() -> None:
    for topic in topics():
        if re.match(r"(plates|detect\.passage)", topic.name):
            assert topic.retention_ms is not None
            assert topic.retention_ms <= 3 * 86_400_000


def test_brokers_get_every_topic_and_dead_letters() -> None:
    resources = list(yaml.safe_load_all(strimzi()))
    names = {resource["metadata"]["name"] for resource in resources}
    assert names == {topic.name for topic in topics()}
    assert all(f"\ntopic {topic.name} " in compose() for topic in topics())
    consumed = {topic.name for topic in topics() if topic.consumers}
    assert {f"{name}.dlq" for name in consumed} <= names


def test_released_schemas_are_not_broken() -> None:
    assert compatibility([]) == 0
    assert (CONTRACTS / "released.json").is_file()


def _set_narrower(schema: dict[str, Any]) -> None:
    schema["properties"]["county"]["pattern"] = "^semnan$"


def _require_new(schema: dict[str, Any]) -> None:
    schema["properties"]["weather"] = {"type": "string"}
    schema["required"].append("weather")


def _drop(schema: dict[str, Any]) -> None:
    del schema["properties"]["county"]


def _retype(schema: dict[str, Any]) -> None:
    schema["properties"]["sequence"]["type"] = "string"


def _enum(schema: dict[str, Any]) -> None:
    schema["$defs"]["RoadClass"]["enum"].append("tunnel")


@pytest.mark.parametrize("change", [_set_narrower, _require_new, _drop, _retype, _enum])
def test_a_breaking_change_of_a_v1_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    released = current_schemas()
    changed = copy.deepcopy(released)
    change(changed["ingest.segment.stored.v1.schema.json"])
    assert check(released, changed)


def test_a_new_optional_field_and_new_words_are_allowed() -> None:
    released = current_schemas()
    changed = json.loads(json.dumps(released))
    schema = changed["ingest.segment.stored.v1.schema.json"]
    schema["properties"]["weather"] = {"type": ["string", "null"]}
    schema["description"] = "Explained better."
    assert check(released, changed) == []
