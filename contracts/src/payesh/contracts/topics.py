"""The topics of `asyncapi.yaml`, and the forms that a broker wants them in.

`python -m payesh.contracts.topics --strimzi | --compose | --table [--check FILE]`
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from payesh.contracts.schemas import CONTRACTS


@dataclass(frozen=True)
class Topic:
    """One topic as a broker must have it. `retention_ms` None keeps the broker's default."""

    name: str
    key: str
    partitions: int
    local_partitions: int
    replicas: int
    cleanup_policy: str
    retention_ms: int | None
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    summary: str
    planned: bool = False
    """Schema and examples exist; no service publishes it yet."""

    def configuration(self) -> dict[str, str]:
        settings = {"cleanup.policy": self.cleanup_policy}
        if self.retention_ms is not None:
            settings["retention.ms"] = str(self.retention_ms)
        return settings


@cache
def document() -> dict[str, Any]:
    """`asyncapi.yaml` as parsed."""
    loaded: dict[str, Any] = yaml.safe_load((CONTRACTS / "asyncapi.yaml").read_text("utf-8"))
    return loaded


@cache
def topics() -> tuple[Topic, ...]:
    """Every topic in the document's order, each consumed one followed by its dead letters."""
    found: list[Topic] = []
    dead = document()["x-dead-letters"]
    for channel in document()["channels"].values():
        kafka = channel["bindings"]["kafka"]
        configuration = kafka["topicConfiguration"]
        topic = Topic(
            name=channel["address"],
            key=channel["x-key"],
            partitions=kafka["partitions"],
            local_partitions=channel["x-local-partitions"],
            replicas=kafka["replicas"],
            cleanup_policy=",".join(configuration["cleanup.policy"]),
            retention_ms=configuration.get("retention.ms"),
            producers=tuple(channel["x-producers"]),
            consumers=tuple(channel["x-consumers"]),
            summary=channel["summary"],
            planned=channel.get("x-status") == "planned",
        )
        found.append(topic)
        if topic.consumers:
            found.append(
                Topic(
                    name=topic.name + dead["suffix"],
                    key=topic.key,
                    partitions=dead["partitions"],
                    local_partitions=1,
                    replicas=topic.replicas,
                    cleanup_policy="delete",
                    retention_ms=channel.get("x-dead-letter-retention-ms", dead["retention.ms"]),
                    producers=topic.consumers,
                    consumers=(),
                    summary=f"Messages of {topic.name} that could not be handled, with the reason",
                )
            )
    return tuple(found)


def strimzi(cluster: str = "payesh") -> str:
    """KafkaTopic resources, one a topic."""
    resources = [
        {
            "apiVersion": "kafka.strimzi.io/v1",
            "kind": "KafkaTopic",
            "metadata": {"name": topic.name, "labels": {"strimzi.io/cluster": cluster}},
            "spec": {
                "partitions": topic.partitions,
                "replicas": topic.replicas,
                "config": topic.configuration() | {"min.insync.replicas": "2"},
            },
        }
        for topic in topics()
    ]
    header = (
        "# Generated from contracts/asyncapi.yaml: python -m payesh.contracts.topics --strimzi\n"
    )
    return header + yaml.safe_dump_all(resources, sort_keys=False)


def compose() -> str:
    """A shell script for one Apache Kafka node; a topic that exists is left as it is."""
    lines = [
        "#!/bin/sh",
        "# Generated from contracts/asyncapi.yaml: python -m payesh.contracts.topics --compose",
        "set -eu",
        "ADMIN=${BUS_ADMIN:-/etc/payesh/bus-admin.properties}",
        "topic() {",
        '  "${KAFKA_BIN:-/opt/kafka/bin}/kafka-topics.sh" --bootstrap-server '
        '"$PAYESH_KAFKA_BOOTSTRAP" --command-config "$ADMIN" \\',
        '    --create --if-not-exists --replication-factor 1 --topic "$@"',
        "}",
    ]
    for topic in topics():
        settings = " ".join(f"--config {k}={v}" for k, v in topic.configuration().items())
        lines.append(f"topic {topic.name} --partitions {topic.local_partitions} {settings}")
    return "\n".join(lines) + "\n"


def table() -> str:
    """The topic table of the documentation, as Markdown."""
    lines = [
        "| topic | key | partitions | kept | producers | consumers |",
        "|---|---|---|---|---|---|",
    ]
    for topic in topics():
        if topic.name.endswith(document()["x-dead-letters"]["suffix"]):
            continue
        kept = (
            "latest of each key"
            if topic.retention_ms is None
            else f"{topic.retention_ms // 86_400_000} days"
        )
        lines.append(
            f"| `{topic.name}` | {topic.key} | {topic.partitions} | {kept} "
            f"| {', '.join(topic.producers)}{', planned' if topic.planned else ''} "
            f"| {', '.join(topic.consumers) or 'none yet'} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the topics in the form a broker wants.")
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument("--strimzi", action="store_const", dest="form", const=strimzi)
    form.add_argument("--compose", action="store_const", dest="form", const=compose)
    form.add_argument("--table", action="store_const", dest="form", const=table)
    parser.add_argument("--check", type=Path, help="fail unless this file holds the text")
    chosen = parser.parse_args(arguments)
    text = chosen.form()
    if chosen.check is None:
        sys.stdout.write(text)
        return 0
    if chosen.check.read_text("utf-8") == text:
        return 0
    sys.stderr.write(f"{chosen.check} is out of date: write it again with this command\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
