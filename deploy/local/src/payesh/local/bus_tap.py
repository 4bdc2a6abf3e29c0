"""A read-only consumer of the bus, from the beginning, as another agency would write it."""

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
class ReceivedEvent:
    """An event and when it was received (aware UTC, this machine's clock)."""

    event: Event
    received_at: datetime
    trace_id: str | None


@dataclass
class BusTap:
    """Collects the events of some topics, each once by its id; counts duplicates and messages that
    are no event of their topic."""

    bootstrap: str
    topics: tuple[str, ...]
    received: dict[str, dict[str, ReceivedEvent]] = field(default_factory=dict)
    duplicates: int = 0
    malformed: int = 0

    async def __aenter__(self) -> Self:
        self.received = {topic: {} for topic in self.topics}
        self._task = asyncio.create_task(self._consume(), name="bus-tap")
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
        """Every distinct event of one kind, in the order received."""
        return [
            each.event
            for each in self.received[kind.topic].values()
            if isinstance(each.event, kind)
        ]

    async def _consume(self) -> None:
        """Consume by assignment: joining a group would only slow the start."""
        while True:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self.bootstrap, enable_auto_commit=False, group_id=None
            )
            try:
                await consumer.start()
                await self._consume_with(consumer)
            except (KafkaError, OSError):
                await asyncio.sleep(0.5)  # the bus is unreachable: read again from the beginning
            finally:
                await consumer.stop()

    async def _consume_with(self, consumer: AIOKafkaConsumer) -> None:
        partitions = [
            TopicPartition(topic.name, number)
            for topic in topics()
            if topic.name in self.topics
            for number in range(topic.local_partitions)
        ]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        async for record in consumer:
            seen = self.received[record.topic]
            try:
                headers = {name: value.decode() for name, value in record.headers}
                event_id = headers["ce_id"]
                event = event_for_topic(record.topic).from_json(record.value or b"")
            except (KeyError, ValueError):
                self.malformed += 1  # its consumers dead-letter it
                continue
            if event_id in seen:
                self.duplicates += 1
                continue
            traceparent = headers.get("traceparent", "")
            seen[event_id] = ReceivedEvent(
                event,
                datetime.now(UTC),
                traceparent.split("-")[1] if traceparent.count("-") == 3 else None,
            )
