"""The worker of one partition: handles its messages in their order until it is revoked."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import structlog
from aiokafka import TopicPartition

from payesh.kit import metrics
from payesh.kit.bus.delivery import BatchHandler, Delivery, Disposition, Handler
from payesh.kit.bus.envelope import open_envelope
from payesh.kit.bus.failure import judge, publish_dead_letter
from payesh.kit.bus.producer import Producer
from payesh.kit.bus.tracing import handling_span
from payesh.kit.errors import DependencyFault
from payesh.kit.faults import dependency_fault
from payesh.kit.lifecycle import Backoff
from payesh.kit.offsets import PartitionOffsets

log = structlog.get_logger(__name__)

QUEUED_MESSAGES = 256
QUEUED_BYTES = 1024 * 1024
BATCH_MESSAGES = 128
BATCH_SECONDS = 0.5
"""A batch takes up no further message after this time: it holds locks, and a rebalance waits."""


class _DeadLettered(Enum):
    DEAD_LETTERED = "dead-lettered"


DEAD_LETTERED: Final = _DeadLettered.DEAD_LETTERED


@dataclass
class ConsumerContext:
    """What the partition workers of a consumer share."""

    group: str
    handlers: Mapping[str, Handler]
    producer: Producer
    retries: int
    slots: asyncio.Semaphore
    on_dead_letter: Callable[[Any, str], Awaitable[None]] | None = None
    progressed: asyncio.Event = field(default_factory=asyncio.Event)


class PartitionWorker:
    """Handles what the consumer fetched of a partition, from its assignment to its revocation.

    Messages wait in a queue that is bounded in number and bytes. `paused_for` names the dependency
    that the first of them waits for.
    """

    def __init__(self, partition: TopicPartition, context: ConsumerContext) -> None:
        self.partition = partition
        self.offsets = PartitionOffsets()
        self.paused_for: str | None = None
        self._queued_bytes = 0
        self._context = context
        self._handler = context.handlers[partition.topic]
        self._queue: deque[Any] = deque()
        self._one_by_one = 0
        self._arrived = asyncio.Event()
        self._closing = asyncio.Event()
        labels = (context.group, partition.topic)
        self._handled_metric = metrics.messages_handled.labels(*labels)
        self._seconds_metric = metrics.handler_seconds.labels(*labels)
        self._task = asyncio.create_task(
            self._run(), name=f"partition {partition.topic}[{partition.partition}]"
        )

    def put(self, records: list[Any]) -> None:
        self._queue.extend(records)
        self._queued_bytes += sum(map(_size, records))
        self._arrived.set()

    @property
    def wants_no_more(self) -> bool:
        """Whether fetching is to stop: the queue is full, or its first message is waiting."""
        if self.paused_for is not None:
            return bool(self._queue)
        return len(self._queue) >= QUEUED_MESSAGES or self._queued_bytes >= QUEUED_BYTES

    @property
    def wants_more(self) -> bool:
        """Whether fetching is to go on: half of the queue is free."""
        return (
            self.paused_for is None
            and len(self._queue) <= QUEUED_MESSAGES // 2
            and self._queued_bytes <= QUEUED_BYTES // 2
        )

    def check(self) -> None:
        """Raise RuntimeError when the worker ended without `close`: its partition stands still."""
        if self._task.done() and not self._closing.is_set():
            cause = None if self._task.cancelled() else self._task.exception()
            raise RuntimeError(f"the worker of {self.partition} ended") from cause

    async def close(self, timeout_s: float) -> None:
        """Finish the current message or batch, or cancel it after `timeout_s`; begin no other."""
        self._closing.set()
        self._arrived.set()
        _, running = await asyncio.wait({self._task}, timeout=timeout_s)
        if running:
            log.warning("message cancelled", partition=str(self.partition))
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=1)
        self._resume()

    async def _run(self) -> None:
        while not self._closing.is_set():
            if not self._queue:
                self._arrived.clear()
                await self._arrived.wait()
            elif not await self._handle_batch() and not await self._handle_first():
                return

    async def _handle_first(self) -> bool:
        """Handle the first of the queue to its end. False when closed meanwhile."""
        disposition = await self._settle(self._queue[0])
        if disposition is None:
            return False
        self._one_by_one = max(0, self._one_by_one - 1)
        self._finish(disposition)
        return True

    def _finish(self, disposition: Disposition | _DeadLettered) -> None:
        """Take the first of the queue out of it, and note that its offset may be committed."""
        record = self._queue.popleft()
        self._queued_bytes -= _size(record)
        key = record.key or b""
        if disposition is DEAD_LETTERED:
            self.offsets.dead_lettered(record.offset)
        elif disposition is Disposition.HELD:
            self.offsets.held(record.offset, key)
        else:
            self.offsets.done(record.offset, key)
        self._context.progressed.set()

    async def _handle_batch(self) -> bool:
        """Handle several of the queue at once. False when the first is to be handled alone."""
        if self._one_by_one or len(self._queue) < 2 or not isinstance(self._handler, BatchHandler):
            return False
        deliveries = self._opened()
        if len(deliveries) < 2:
            return False
        try:
            handled = await self._attempt_batch(self._handler, deliveries)
        except Exception as error:
            # Handled one by one, they show which one is at fault or which dependency is away.
            self._one_by_one = len(deliveries)
            cause, _ = judge(error)
            topic, first = self.partition.topic, deliveries[0].offset
            metrics.message_retries.labels(self._context.group, topic, "batch").inc()
            log.warning(
                "batch failed", topic=topic, offset=first, messages=len(deliveries), cause=cause
            )
            return False
        for _ in range(handled):
            self._finish(Disposition.DONE)
        self._handled_metric.inc(handled)
        return True

    def _opened(self) -> list[Delivery[Any]]:
        """The first of the queue as deliveries, up to one that has no valid envelope."""
        deliveries = []
        for record in self._queue:
            try:
                deliveries.append(open_envelope(record))
            except Exception:  # it is opened again when it is handled alone, and judged there
                break
            if len(deliveries) == BATCH_MESSAGES:
                break
        return deliveries

    async def _attempt_batch(self, handler: BatchHandler, deliveries: list[Delivery[Any]]) -> int:
        """How many of the deliveries, from the first on, had their effect."""
        handled = 0
        async with self._context.slots:
            until = time.perf_counter() + BATCH_SECONDS
            async with handler.batch(deliveries) as handle:
                for delivery in deliveries:
                    with self._observed(delivery):
                        await handle(delivery)
                    handled += 1
                    if self._closing.is_set() or time.perf_counter() > until:
                        break
        return handled

    async def _settle(self, record: Any) -> Disposition | _DeadLettered | None:
        """Handle a record until it has its effect or its dead letter. None: closed meanwhile."""
        context, topic = self._context, record.topic
        failures, backoff = 0, Backoff()
        reason: str | None = None
        while True:
            try:
                if reason is None:
                    return await self._attempt(record)
                await self._dead_letter(record, reason)
                return DEAD_LETTERED
            except Exception as error:
                fault = dependency_fault(error)
                if fault is not None:
                    self._pause(fault)
                elif reason is None:
                    failures += 1
                    cause, final = judge(error)
                    log.warning("handler failed", topic=topic, offset=record.offset, cause=cause)
                    if final or failures >= context.retries:
                        reason = cause
                        continue
                else:  # no message is skipped: the dead letter is tried again
                    log.exception("dead letter failed", topic=topic, offset=record.offset)
            metrics.message_retries.labels(context.group, topic, self.paused_for or "message").inc()
            if await self._closed_within(backoff.next_s()):
                return None

    async def _attempt(self, record: Any) -> Disposition:
        delivery = open_envelope(record)
        async with self._context.slots:
            with self._observed(delivery):
                disposition = await self._handler(delivery)
        self._resume()
        self._handled_metric.inc()
        return disposition or Disposition.DONE

    @contextmanager
    def _observed(self, delivery: Delivery[Any]) -> Iterator[None]:
        started = time.perf_counter()
        try:
            with handling_span(delivery, self._context.group):
                yield
        finally:
            self._seconds_metric.observe(time.perf_counter() - started)

    async def _dead_letter(self, record: Any, reason: str) -> None:
        group = self._context.group
        if self._context.on_dead_letter is not None:
            await self._context.on_dead_letter(record, reason)
        await publish_dead_letter(self._context.producer, record, reason=reason, group=group)
        self._resume()
        metrics.messages_dead.labels(group, record.topic).inc()
        log.error("dead letter", topic=record.topic, offset=record.offset, reason=reason)

    def _pause(self, fault: DependencyFault) -> None:
        if self.paused_for == fault.dependency:
            return
        self._resume()
        self.paused_for = fault.dependency
        metrics.partitions_paused.labels(self._context.group, fault.dependency).inc()
        log.warning("partition paused", partition=str(self.partition), cause=str(fault))
        self._context.progressed.set()

    def _resume(self) -> None:
        if self.paused_for is not None:
            metrics.partitions_paused.labels(self._context.group, self.paused_for).dec()
            log.info("partition resumed", partition=str(self.partition))
        self.paused_for = None

    async def _closed_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return False
        return True


def _size(record: Any) -> int:
    return len(record.value or b"")
