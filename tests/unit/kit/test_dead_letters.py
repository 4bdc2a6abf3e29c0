"""Promises of resending dead letters: once, whole, or not at all."""

import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from payesh.kit import deadletters
from payesh.kit.bus.envelope import BODY_DROPPED
from payesh.kit.deadletters import DeadLetterSettings, dead_letters, main

TOPIC = "ingest.camera.configured.v1"


class Bus:
    """A dead-letter topic of one partition. Each resent letter fails again and is added anew."""

    def __init__(self, *headers: dict[str, bytes]) -> None:
        self.letters: list[Any] = []
        self.sent: list[int] = []
        for each in headers:
            self.dead_letter(each, time.time() - 60)

    def dead_letter(self, headers: dict[str, bytes], at_s: float) -> None:
        if len(self.letters) > 50:
            raise AssertionError("resending never ends")
        value = None if BODY_DROPPED in headers else b"{}"
        self.letters.append(
            SimpleNamespace(
                topic=f"{TOPIC}.dlq", partition=0, offset=len(self.letters), key=b"k", value=value,
                headers=tuple(headers.items()), timestamp=int(at_s * 1000),
            )
        )  # fmt: skip

    def consumer(self, **options: Any) -> Any:
        unread = iter(self._one_by_one())

        async def getmany(*partitions: TopicPartition, timeout_ms: int) -> dict[Any, Any]:
            return next(unread) if partitions else {}

        return SimpleNamespace(
            start=nothing, stop=nothing, seek_to_beginning=nothing, getmany=getmany,
            assign=lambda partitions: None, seek=lambda partition, offset: None,
        )  # fmt: skip

    def _one_by_one(self) -> Iterator[dict[Any, Any]]:
        position = 0
        while True:
            found = self.letters[position : position + 1]
            position += len(found)
            yield {TopicPartition(f"{TOPIC}.dlq", 0): found} if found else {}

    async def publish_raw(self, topic: str, key: bytes, value: bytes, headers: Any) -> None:
        self.sent.append(len(self.letters))
        self.dead_letter({"payesh-topic": topic.encode()}, time.time() + 0.01)

    async def stop(self) -> None: ...


async def nothing(*_: Any) -> None: ...


async def one_partition(*_: Any) -> set[int]:
    return {0}


def connect(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYESH_KAFKA_BOOTSTRAP", "localhost:9092")
    monkeypatch.setattr(deadletters, "AIOKafkaConsumer", bus.consumer)
    monkeypatch.setattr(deadletters, "_partitions", one_partition)
    monkeypatch.setattr(deadletters, "Producer", lambda settings: bus)


def test_letters_that_fail_again_at_once_are_resent_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bus = Bus({}, {}, {})
    connect(bus, monkeypatch)
    main(["resend", "--topic", TOPIC])
    assert len(bus.sent) == 3
    assert "3 dead letters" in capsys.readouterr().err


def test_a_letter_without_its_body_is_refused_and_the_others_are_resent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bus = Bus({}, {BODY_DROPPED: b"2000000"}, {})
    connect(bus, monkeypatch)
    with pytest.raises(SystemExit):
        main(["resend", "--topic", TOPIC])
    assert len(bus.sent) == 2
    written = capsys.readouterr().err
    assert "partition 0, offset 1 not sent: its body was dropped" in written
    assert "2 dead letters" in written


def test_an_absent_bus_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as once:
        once.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PAYESH_KAFKA_BOOTSTRAP", f"127.0.0.1:{once.getsockname()[1]}")
    with pytest.raises(SystemExit, match="bus is unavailable"):
        main(["list", "--topic", TOPIC])


async def test_one_letter_is_found_though_it_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = Bus({}, {}, {})
    connect(bus, monkeypatch)
    bus.letters[1].timestamp = int(time.time() * 1000) + 10_000
    found = [each.offset async for each in dead_letters(DeadLetterSettings(), TOPIC, offset=1)]
    assert found == [1]
