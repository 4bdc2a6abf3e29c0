"""One partition in hand: its messages are handled one after another, at its own pace."""

import asyncio
import time
import traceback
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import structlog
from aiokafka import TopicPartition

from payesh.kit import metrics
from payesh.kit.bus.delivery import Delivery, Disposition, Handler
from payesh.kit.bus.envelope import BODY_DROPPED, dead_letter, open_envelope
from payesh.kit.bus.producer import Producer
from payesh.kit.errors import DependencyFault, MessageFault
from payesh.kit.faults import dependency_fault
from payesh.kit.offsets import PartitionOffsets
from payesh.kit.telemetry import tracer, use_traceparent

log = structlog.get_logger(__name__)

FIRST_BACKOFF_S = 0.2
LONGEST_BACKOFF_S = 5.0


class _Buried(Enum):
    BURIED = "buried"


BURIED: Final = _Buried.BURIED


@dataclass
class Crew:
    """What all lanes of a consumer share."""

    group: str
    handlers: Mapping[str, Handler]
    producer: Producer
    retries: int
    slots: asyncio.Semaphore
    progressed: asyncio.Event = field(default_factory=asyncio.Event)


class Lane:
    """Runs from assignment to revocation. `paused_for` names the dependency it waits for."""

    def __init__(self, partition: TopicPartition, crew: Crew) -> None:
        self.partition = partition
        self.offsets = PartitionOffsets()
        self.paused_for: str | None = None
        self._crew = crew
        self._queue: deque[Any] = deque()
        self._arrived = asyncio.Event()
        self._closing = asyncio.Event()
        self._task = asyncio.create_task(
            self._run(), name=f"lane {partition.topic}[{partition.partition}]"
        )

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, records: list[Any]) -> None:
        self._queue.extend(records)
        self._arrived.set()

    def check(self) -> None:
        """Raises when the lane ended though nobody closed it: its partition would stand still."""
        if self._task.done() and not self._closing.is_set():
            cause = None if self._task.cancelled() else self._task.exception()
            raise RuntimeError(f"the lane of {self.partition} ended") from cause

    async def close(self, timeout_s: float) -> None:
        """Finish the message in hand, or give it up after `timeout_s`; begin no other."""
        self._closing.set()
        self._arrived.set()
        _, running = await asyncio.wait({self._task}, timeout=timeout_s)
        if running:
            log.warning("message in hand given up", partition=str(self.partition))
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=1)
        self._resume()

    async def _run(self) -> None:
        while not self._closing.is_set():
            if not self._queue:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            record = self._queue[0]
            disposition = await self._settle(record)
            if disposition is None:
                return
            self._queue.popleft()
            key = record.key or b""
            if disposition is BURIED:
                self.offsets.buried(record.offset)
            elif disposition is Disposition.HELD:
                self.offsets.held(record.offset, key)
            else:
                self.offsets.done(record.offset, key)
            self._crew.progressed.set()

    async def _settle(self, record: Any) -> Disposition | _Buried | None:
        """Handle a record to its end: its effect or its dead letter. None: closed meanwhile."""
        crew, topic = self._crew, record.topic
        failures, backoff_s = 0, FIRST_BACKOFF_S
        reason: str | None = None
        while True:
            try:
                if reason is None:
                    return await self._attempt(record)
                await self._bury(record, reason)
                return BURIED
            except Exception as error:
                away = dependency_fault(error)
                if away is not None:
                    self._pause(away)
                elif reason is None:
                    failures += 1
                    cause, final = _judge(error)
                    log.warning("handler failed", topic=topic, offset=record.offset, cause=cause)
                    if final or failures >= crew.retries:
                        reason = cause
                        continue
                else:  # nothing is skipped: what cannot be buried is tried again, and seen
                    log.exception("dead letter failed", topic=topic, offset=record.offset)
            metrics.message_retries.labels(crew.group, topic, self.paused_for or "message").inc()
            if await self._closed_within(backoff_s):
                return None
            backoff_s = min(LONGEST_BACKOFF_S, backoff_s * 2)

    async def _attempt(self, record: Any) -> Disposition:
        crew = self._crew
        delivery = open_envelope(record)
        async with crew.slots:
            started = time.perf_counter()
            try:
                disposition = await self._traced(delivery)
            finally:
                seconds = time.perf_counter() - started
                metrics.handler_seconds.labels(crew.group, record.topic).observe(seconds)
        self._resume()
        metrics.messages_handled.labels(crew.group, record.topic).inc()
        return disposition

    async def _traced(self, delivery: Delivery[Any]) -> Disposition:
        with (
            use_traceparent(delivery.traceparent),
            tracer.start_as_current_span(
                f"handle {delivery.topic}",
                record_exception=False,
                attributes={
                    "messaging.destination.name": delivery.topic,
                    "messaging.consumer.group.name": self._crew.group,
                    "messaging.kafka.offset": delivery.offset,
                    "messaging.destination.partition.id": str(delivery.partition),
                    "messaging.message.id": str(delivery.event_id),
                },
            ),
        ):
            answer = await self._crew.handlers[delivery.topic](delivery)
        return answer or Disposition.DONE

    async def _bury(self, record: Any, reason: str) -> None:
        letter = dead_letter(record, reason=reason, group=self._crew.group)
        publish = self._crew.producer.publish_raw
        try:
            await publish(letter.topic, letter.key, letter.value, letter.headers)
        except MessageFault:
            # With the reason's headers it no longer fits: its place remains, in the topic.
            dropped = (BODY_DROPPED, str(len(record.value or b"")).encode())
            await publish(letter.topic, letter.key, None, (*letter.headers, dropped))
        self._resume()
        metrics.messages_dead.labels(self._crew.group, record.topic).inc()
        log.error("dead letter", topic=record.topic, offset=record.offset, reason=reason)

    def _pause(self, fault: DependencyFault) -> None:
        if self.paused_for == fault.dependency:
            return
        self._resume()
        self.paused_for = fault.dependency
        metrics.partitions_paused.labels(self._crew.group, fault.dependency).inc()
        log.warning("partition paused", partition=str(self.partition), cause=str(fault))
        self._crew.progressed.set()

    def _resume(self) -> None:
        if self.paused_for is not None:
            metrics.partitions_paused.labels(self._crew.group, self.paused_for).dec()
            log.info("partition resumed", partition=str(self.partition))
        self.paused_for = None

    async def _closed_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return False
        return True


def _judge(error: Exception) -> tuple[str, bool]:
    """The cause, and whether another try is pointless. Of an unknown exception type and place
    only: its text may quote the message, and with it a plate."""
    if isinstance(error, MessageFault):
        return error.reason, not error.retry
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}", False
