"""Listen to the bus as another agency's developer would: read-only, from the beginning."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from payesh.contracts import Event, event_for_topic
from payesh.contracts.topics import topics

E = TypeVar("E", bound=Event)


@dataclass
class Heard:
    """One event and when it was heard (aware UTC, this machine's clock)."""

    event: Event
    heard_at: datetime
    trace_id: str | None


@dataclass
class BusTap:
    """Collects every event of some topics once, by event id; duplicates and what is no event of
    its topic are counted."""

    bootstrap: str
    topics: tuple[str, ...]
    heard: dict[str, dict[str, Heard]] = field(default_factory=dict)
    duplicates: int = 0
    malformed: int = 0

    async def __aenter__(self) -> Self:
        self.heard = {topic: {} for topic in self.topics}
        self._task = asyncio.create_task(self._listen(), name="bus-tap")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def events(self, kind: type[E]) -> list[E]:
        """Every distinct event of one kind, in the order heard."""
        return [h.event for h in self.heard[kind.topic].values() if isinstance(h.event, kind)]

    async def _listen(self) -> None:
        """Assigned, not subscribed: a group of our own would only slow the start."""
        while True:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self.bootstrap, enable_auto_commit=False, group_id=None
            )
            try:
                await consumer.start()
                await self._listen_with(consumer)
            except (KafkaError, OSError):
                await asyncio.sleep(0.5)  # the bus is away; begin again, ids drop repetitions
            finally:
                await consumer.stop()

    async def _listen_with(self, consumer: AIOKafkaConsumer) -> None:
        partitions = [
            TopicPartition(topic.name, number)
            for topic in topics()
            if topic.name in self.topics
            for number in range(topic.local_partitions)
        ]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        async for record in consumer:
            seen = self.heard[record.topic]
            try:
                headers = {name: value.decode() for name, value in record.headers}
                event_id = headers["ce_id"]
                event = event_for_topic(record.topic).from_json(record.value or b"")
            except (KeyError, ValueError):
                self.malformed += 1  # its consumers bury it; we listen on
                continue
            if event_id in seen:
                self.duplicates += 1
                continue
            traceparent = headers.get("traceparent", "")
            seen[event_id] = Heard(
                event,
                datetime.now(UTC),
                traceparent.split("-")[1] if traceparent.count("-") == 3 else None,
            )
