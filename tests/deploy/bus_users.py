"""Rights on the bus: Strimzi's KafkaUsers, from `contracts/asyncapi.yaml`."""

from typing import Any

import yaml

from payesh.access.consumers import GROUP as ACCESS
from payesh.contracts.topics import topics
from payesh.detect.consumers import OBSERVER_GROUP, PROJECTION_GROUP
from payesh.plates.consumers import GROUP as PLATES
from payesh.tickets.consumers import GROUP as TICKETS

GROUPS: dict[str, tuple[str, ...]] = {
    "access": (ACCESS,),
    "ingest": (),
    "detect": (OBSERVER_GROUP, PROJECTION_GROUP),
    "plates": (PLATES,),
    "tickets": (TICKETS,),
}
"""Service to its consumer groups."""

_DEAD = ".dlq"
_PRODUCE = ["Write", "Describe"]
_CONSUME = ["Read", "Describe"]


def bus_users(cluster: str = "payesh") -> str:
    """One user a service, one for dead letters and one that measures lag alone."""
    users = {f"{service}-bus": _service(service) for service in GROUPS}
    users["dead-letters"] = [
        _rule("topic", topic.name, _CONSUME if topic.name.endswith(_DEAD) else _PRODUCE)
        for topic in topics()
        if topic.name.endswith(_DEAD) or topic.consumers
    ]
    users["keda-bus"] = [
        _rule("topic", name, ["Describe"])
        for name in ("ingest.segment.stored.v1", "detect.passage.observed.v1")
    ] + [_rule("group", group, ["Describe"]) for group in (OBSERVER_GROUP, PLATES)]
    resources = [
        {
            "apiVersion": "kafka.strimzi.io/v1",
            "kind": "KafkaUser",
            "metadata": {"name": name, "labels": {"strimzi.io/cluster": cluster}},
            "spec": {
                "authentication": {"type": "scram-sha-512"},
                "authorization": {"type": "simple", "acls": rules},
            },
        }
        for name, rules in users.items()
    ]
    return "# Generated from contracts/asyncapi.yaml: make generate\n" + yaml.safe_dump_all(
        resources, sort_keys=False
    )


def _service(service: str) -> list[dict[str, Any]]:
    # The consumers of a topic are the producers of its dead letters in `topics`.
    produced = [
        _rule("topic", topic.name, _PRODUCE) for topic in topics() if service in topic.producers
    ]
    consumed = [
        _rule("topic", topic.name, _CONSUME) for topic in topics() if service in topic.consumers
    ]
    return produced + consumed + [_rule("group", group, ["Read"]) for group in GROUPS[service]]


def _rule(kind: str, name: str, operations: list[str]) -> dict[str, Any]:
    resource = {"type": kind, "name": name, "patternType": "literal"}
    return {"resource": resource, "operations": list(operations)}
