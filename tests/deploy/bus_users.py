"""Rights on the bus from `contracts/asyncapi.yaml`: Strimzi's KafkaUsers, a script for compose."""

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


def rights() -> dict[str, list[dict[str, Any]]]:
    """User to rules: one user a service, and one for dead letters."""
    users = {f"{service}-bus": _service(service) for service in GROUPS}
    users["dead-letters"] = [
        _rule("topic", topic.name, _CONSUME if topic.name.endswith(_DEAD) else _PRODUCE)
        for topic in topics()
        if topic.name.endswith(_DEAD) or topic.consumers
    ]
    return users


def bus_users(cluster: str = "payesh") -> str:
    """The users of `rights`, and one that measures lag alone."""
    users = rights()
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


_SCRIPT = """\
#!/bin/sh
# Generated from contracts/asyncapi.yaml: make generate
# The users of compose's broker with their passwords, which lie in $SECRETS, and what each may do.
# Run again it sets the passwords anew; a rule that another version granted stays until
# kafka-acls.sh removes it.
set -eu

SECRETS=${SECRETS:-/run/secrets}
BIN=${KAFKA_BIN:-/opt/kafka/bin}
ADMIN=${BUS_ADMIN:-/etc/payesh/bus-admin.properties}
umask 077

user() { # name, file of its password
  # From a file: whoever lists processes reads their arguments.
  printf 'SCRAM-SHA-512=password=%s\\n' "$(cat "$SECRETS/$2")" > "/tmp/$1.properties"
  "$BIN/kafka-configs.sh" --bootstrap-server "$PAYESH_KAFKA_BOOTSTRAP" --command-config "$ADMIN" \\
    --alter --entity-type users --entity-name "$1" --add-config-file "/tmp/$1.properties"
  rm "/tmp/$1.properties"
}

acl() {
  "$BIN/kafka-acls.sh" --bootstrap-server "$PAYESH_KAFKA_BOOTSTRAP" --command-config "$ADMIN" "$@"
}

"""


def bus_user_script() -> str:
    """deploy/compose/create-bus-users.sh."""
    lines = []
    for user, rules in rights().items():
        lines.append(f"user {user} {user.removesuffix('-bus').replace('-', '_')}_bus_password")
        granted: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for rule in rules:
            key = (rule["resource"]["type"], tuple(rule["operations"]))
            granted.setdefault(key, []).append(rule["resource"]["name"])
        for (kind, operations), names in granted.items():
            asked = " ".join(f"--operation {each}" for each in operations)
            resources = " ".join(f"--{kind} {name}" for name in names)
            lines.append(f"acl --add --allow-principal User:{user} {asked} {resources}")
    return _SCRIPT + "\n".join(lines) + "\n"


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
