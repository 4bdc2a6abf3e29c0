"""The producer: publishes with acknowledgement of all replicas, within a bounded time."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)
from aiokafka.partitioner import DefaultPartitioner

from payesh.contracts import Event
from payesh.kit import metrics
from payesh.kit.bus.connection import connection
from payesh.kit.bus.envelope import Headers, Message, envelope
from payesh.kit.errors import BusUnavailable, MessageFault
from payesh.kit.settings import BusSettings

log = structlog.get_logger(__name__)

_BATCH_BYTES = 512 * 1024
_MAX_REQUEST_BYTES = 1024 * 1024 + 16 * 1024


@dataclass(frozen=True)
class PublishOutcome:
    """Which messages of a batch the bus acknowledged, and the fault if some are missing."""

    acknowledged: list[bool]
    fault: BusUnavailable | None


class Producer:
    """A client of the bus that connects on first use and is replaced after any failure.

    Replaced, because a client whose broker lost its state may go on returning errors.
    """

    def __init__(self, settings: BusSettings) -> None:
        self._settings = settings
        self._timeout_s = settings.kafka_publish_timeout_ms / 1000
        self._source = f"/payesh/{settings.service}".encode()
        self._partitioner = DefaultPartitioner()
        self._client: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()
        self._stopped = False

    async def start(self) -> None:
        """Connect if the bus can be reached; a service also starts without it, not ready."""
        self._stopped = False
        try:
            await self._connected()
        except BusUnavailable as fault:
            log.warning("bus away at start", detail=str(fault))

    async def stop(self) -> None:
        self._stopped = True
        await self._discard(self._client)

    async def ping(self) -> None:
        """Raises BusUnavailable."""
        client = await self._connected()
        try:
            await asyncio.wait_for(client.client.fetch_all_metadata(), 3)
        except (KafkaError, TimeoutError, OSError) as error:
            await self._discard(client)
            raise BusUnavailable(type(error).__name__) from error

    async def publish(
        self, event: Event, *, event_id: UUID | None = None, traceparent: str | None = None
    ) -> None:
        """Returns once all replicas have it.

        Raises SchemaViolation, MessageFault (too large), BusUnavailable.
        """
        message = envelope(event, event_id=event_id, traceparent=traceparent)
        await self.publish_raw(message.topic, message.key, message.value, message.headers)

    async def publish_raw(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers
    ) -> None:
        """Publish any bytes: dead letters, and messages sent again from there.

        Returns once all replicas have it. Raises MessageFault, BusUnavailable.
        """
        client = await self._connected()
        try:
            await asyncio.wait_for(
                client.send_and_wait(topic, value, key=key, headers=self._complete(headers)),
                self._timeout_s,
            )
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            raise MessageFault(f"{topic}: message too large for the bus", retry=False) from error
        except (KafkaError, TimeoutError, OSError) as error:
            await self._discard(client)
            raise BusUnavailable(f"{topic}: {type(error).__name__}") from error
        metrics.messages_published.labels(topic).inc()

    async def publish_all(self, messages: Sequence[Message]) -> PublishOutcome:
        """Publish many messages, those of a key in this order and none after one that failed.

        Messages of a partition are sent in a batch, which the broker accepts whole or not at all,
        and the next batch waits for its acknowledgement; partitions are sent side by side.
        """
        acknowledged = [False] * len(messages)
        try:
            client = await self._connected()
            partitions = await self._by_partition(client, messages)
        except BusUnavailable as fault:
            return PublishOutcome(acknowledged, fault)

        async def send(topic: str, partition: int, indices: list[int]) -> None:
            position = 0
            while position < len(indices):
                batch = client.create_batch()
                first = position
                while position < len(indices):
                    message = messages[indices[position]]
                    room = batch.append(
                        key=message.key,
                        value=message.value,
                        timestamp=None,
                        headers=self._complete(message.headers),
                    )
                    if room is None:
                        break
                    position += 1
                acknowledgement = await client.send_batch(batch, topic, partition=partition)
                await acknowledgement
                for index in indices[first:position]:
                    acknowledged[index] = True
                metrics.messages_published.labels(topic).inc(position - first)

        outcomes = await asyncio.gather(
            *(
                asyncio.wait_for(send(topic, partition, indices), self._timeout_s)
                for (topic, partition), indices in partitions.items()
            ),
            return_exceptions=True,
        )
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        for failure in failures:
            if not isinstance(failure, KafkaError | TimeoutError | OSError):
                raise failure
        if failures:
            await self._discard(client)
            return PublishOutcome(acknowledged, BusUnavailable(type(failures[0]).__name__))
        return PublishOutcome(acknowledged, None)

    async def _by_partition(
        self, client: AIOKafkaProducer, messages: Sequence[Message]
    ) -> dict[tuple[str, int], list[int]]:
        numbers: dict[str, list[int]] = {}
        places: dict[tuple[str, bytes], tuple[str, int]] = {}
        grouped: dict[tuple[str, int], list[int]] = defaultdict(list)
        for index, message in enumerate(messages):
            # Once for each key: aiokafka's hash is plain Python, and a batch has few keys.
            place = places.get((message.topic, message.key))
            if place is None:
                if message.topic not in numbers:
                    numbers[message.topic] = await self._partitions_of(client, message.topic)
                partitions = numbers[message.topic]
                number = self._partitioner(message.key, partitions, partitions)
                place = places[message.topic, message.key] = (message.topic, number)
            grouped[place].append(index)
        return grouped

    async def _partitions_of(self, client: AIOKafkaProducer, topic: str) -> list[int]:
        try:
            known = await asyncio.wait_for(client.partitions_for(topic), self._timeout_s)
        except (KafkaError, TimeoutError, OSError) as error:
            await self._discard(client)
            raise BusUnavailable(f"{topic}: {type(error).__name__}") from error
        return sorted(known)

    def _complete(self, headers: Headers) -> list[tuple[str, bytes]]:
        if any(name == "ce_source" for name, _ in headers):
            return list(headers)
        return [*headers, ("ce_source", self._source)]

    async def _connected(self) -> AIOKafkaProducer:
        if self._client is not None:
            return self._client
        async with self._connecting:
            if self._client is not None:
                return self._client
            if self._stopped:
                raise BusUnavailable("the producer was stopped")
            compression = self._settings.kafka_compression
            client = AIOKafkaProducer(
                **connection(self._settings),
                client_id=f"{self._settings.kafka_client_id}-{self._settings.service}",
                acks="all",
                enable_idempotence=self._settings.kafka_idempotence,
                compression_type=None if compression == "none" else compression,
                max_request_size=_MAX_REQUEST_BYTES,
                max_batch_size=_BATCH_BYTES,
                request_timeout_ms=max(1000, self._settings.kafka_publish_timeout_ms - 1000),
                metadata_max_age_ms=30_000,
            )
            try:
                await asyncio.wait_for(client.start(), self._timeout_s)
            except (KafkaError, TimeoutError, OSError) as error:
                await _close(client)
                raise BusUnavailable(type(error).__name__) from error
            self._client = client
            return client

    async def _discard(self, client: AIOKafkaProducer | None) -> None:
        if client is None:
            return
        if self._client is client:
            self._client = None
        await _close(client)


async def _close(client: AIOKafkaProducer) -> None:
    # stop() waits for pending batches, which a broker that is away never acknowledges.
    with contextlib.suppress(KafkaError, TimeoutError, OSError):
        await asyncio.wait_for(client.stop(), 3)
