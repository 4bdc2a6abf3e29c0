"""The consumer: reads topics as a member of a group and commits offsets after the effects."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from payesh.contracts import Event
from payesh.kit import metrics
from payesh.kit.bus.connection import connection
from payesh.kit.bus.delivery import Handler
from payesh.kit.bus.partition_worker import QUEUED_MESSAGES, ConsumerContext, PartitionWorker
from payesh.kit.bus.producer import Producer
from payesh.kit.errors import BusUnavailable
from payesh.kit.lifecycle import Backoff
from payesh.kit.settings import BusSettings

log = structlog.get_logger(__name__)

Revoked = Callable[[set[TopicPartition]], Awaitable[None]]
DeadLettered = Callable[[Any, str], Awaitable[None]]

_FETCH_WAIT_MS = 200
_GATHER_S = 0.01
_COMMIT_EVERY_S = 0.25
_QUERY_TIMEOUT_S = 10.0


class Consumer:
    """Reads the topics of `handlers` as one member of `group`.

    - Messages of a partition are handled in their order, `concurrency` partitions at a time. A
      `BatchHandler` receives several of them at once; when a batch fails, they are handled one by
      one.
    - A message that raises MessageFault or an unknown exception is tried `retries` times (once if
      retry=False) and is then published to `<topic>.dlq`. While a message raises DependencyFault
      its partition is paused and the message is tried until it succeeds.
    - Offsets are committed after the effect. When a partition is revoked its current message or
      batch is finished, within `finish_s`, and committed; then `on_revoked` is called.
    - `on_dead_letter` is called with the record and the reason before a dead letter is published;
      while it fails, both are tried again.
    """

    def __init__(
        self,
        settings: BusSettings,
        *,
        group: str,
        handlers: Mapping[type[Event], Handler],
        producer: Producer,
        concurrency: int = 8,
        on_revoked: Revoked | None = None,
        on_dead_letter: DeadLettered | None = None,
        retries: int = 3,
        finish_s: float | None = None,
    ) -> None:
        self._settings = settings
        self._group = self.group = group
        self._topics = sorted(event.topic for event in handlers)
        self._context = ConsumerContext(
            group=group,
            handlers={event.topic: handler for event, handler in handlers.items()},
            producer=producer,
            retries=retries,
            slots=asyncio.Semaphore(concurrency),
            on_dead_letter=on_dead_letter,
        )
        self._on_revoked = on_revoked
        session_s = settings.kafka_session_timeout_ms / 1000
        self._finish_s = finish_s if finish_s is not None else max(2.0, session_s / 2)
        self._workers: dict[TopicPartition, PartitionWorker] = {}
        self._client: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._connected = False

    @property
    def paused_for(self) -> str | None:
        """The dependency that one of the partitions waits for, or None."""
        return next(
            (worker.paused_for for worker in self._workers.values() if worker.paused_for), None
        )

    @property
    def ready(self) -> bool:
        """Whether it is a member of its group and no partition waits for a dependency."""
        return self._connected and self.paused_for is None

    @property
    def status(self) -> str:
        """For `/readyz`: "ok" or what is wrong."""
        if not self._connected:
            return "not in its group"
        return f"paused: {self.paused_for} is away" if self.paused_for else "ok"

    @property
    def partitions(self) -> set[TopicPartition]:
        return set(self._workers)

    async def ends(self) -> Mapping[TopicPartition, int]:
        """The end offsets of all partitions of the topics that have messages.

        Raises BusUnavailable, also while this consumer is no member of its group.
        """
        async with self._member() as client:
            partitions = []
            for topic in self._topics:
                numbers = client.partitions_for_topic(topic)
                if not numbers:  # left out, it would count as handled
                    raise BusUnavailable(f"{topic} is not known yet")
                partitions += [TopicPartition(topic, number) for number in numbers]
            first = await client.beginning_offsets(partitions)
            last = await client.end_offsets(partitions)
        return {each: last[each] for each in partitions if last[each] > first[each]}

    async def has_handled(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether the group has committed everything before `ends`. Raises BusUnavailable."""
        async with self._member() as client:
            for partition, end in ends.items():
                if (await client.committed(partition) or 0) < end:
                    return False
        return True

    @contextlib.asynccontextmanager
    async def _member(self) -> AsyncIterator[AIOKafkaConsumer]:
        if self._client is None or not self._connected:
            raise BusUnavailable("not in its group")
        try:
            async with asyncio.timeout(_QUERY_TIMEOUT_S):
                yield self._client
        except (KafkaError, OSError, TimeoutError) as error:
            raise BusUnavailable(type(error).__name__) from error

    async def start(self) -> None:
        """Begin in the background; the bus may still be away."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._run(), name=f"consumer {self._group}")

    async def stop(self) -> None:
        """Finish the current messages, commit, leave the group."""
        self._stopping.set()
        self._context.progressed.set()
        if self._task is not None:
            await asyncio.wait({self._task})
            self._task = None

    async def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                await self._session()
                backoff.reset()
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("bus away", group=self._group, cause=type(error).__name__)
            except Exception:  # a consumer that ended here would stand still unnoticed
                log.exception("consumer failed", group=self._group)
            if self._stopping.is_set():
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), backoff.next_s())

    async def _session(self) -> None:
        """Be a member of the group until `stop`, or until an error that needs a new client."""
        client = self._new_client()
        self._client = client
        try:
            await client.start()
            client.subscribe(self._topics, listener=_Rebalance(self))
            committing = asyncio.create_task(self._commit_regularly(client))
            try:
                while not self._stopping.is_set():
                    if committing.done():
                        committing.result()
                    await self._fetch(client)
                    # Messages that arrive meanwhile can share a batch.
                    await asyncio.sleep(_GATHER_S)
            finally:
                committing.cancel()
                await asyncio.wait({committing})
                await self._revoke(set(self._workers))
        finally:
            self._connected = False
            self._client = None
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                await asyncio.wait_for(client.stop(), 10)

    def _new_client(self) -> AIOKafkaConsumer:
        session_ms = self._settings.kafka_session_timeout_ms
        return AIOKafkaConsumer(
            **connection(self._settings),
            client_id=f"{self._settings.kafka_client_id}-{self._settings.service}",
            group_id=self._group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=max(200, session_ms // 4),
            rebalance_timeout_ms=max(session_ms, int(self._finish_s * 1000) + 1000),
            request_timeout_ms=max(10_000, session_ms + 5_000),
            max_poll_interval_ms=300_000,
            max_partition_fetch_bytes=2 * 1024 * 1024,
            metadata_max_age_ms=30_000,
            retry_backoff_ms=200,
        )

    async def _fetch(self, client: AIOKafkaConsumer) -> None:
        self._limit_queues(client)
        fetched: dict[TopicPartition, list[Any]] = await client.getmany(
            timeout_ms=_FETCH_WAIT_MS, max_records=QUEUED_MESSAGES * max(1, len(self._workers))
        )
        for partition, records in fetched.items():
            worker = self._workers.get(partition)
            # Without a worker the partition was just revoked: its next member reads them.
            if worker is not None:
                worker.put(records)

    def _limit_queues(self, client: AIOKafkaConsumer) -> None:
        """Fetch only for partitions whose queue has room; heartbeats go on."""
        paused = client.paused() if self._workers else set()
        for partition, worker in self._workers.items():
            worker.check()
            with contextlib.suppress(IllegalStateError):
                if partition in paused and worker.wants_more:
                    client.resume(partition)
                elif partition not in paused and worker.wants_no_more:
                    client.pause(partition)

    async def _commit_regularly(self, client: AIOKafkaConsumer) -> None:
        while True:
            await self._context.progressed.wait()
            self._context.progressed.clear()
            await self._commit(client, self._workers.values())
            await asyncio.sleep(_COMMIT_EVERY_S)

    async def _commit(self, client: AIOKafkaConsumer, workers: Iterable[PartitionWorker]) -> None:
        chosen = [(worker, worker.offsets.committable()) for worker in workers]
        offsets = {worker.partition: offset for worker, offset in chosen if offset is not None}
        if not offsets:
            return
        try:
            await client.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            # The group was rebalanced: the next member of the partition reads these messages again
            # and its inbox drops them. The listener is called for the rebalance itself.
            log.warning("commit refused", group=self._group, cause=type(error).__name__)
            return
        for worker, offset in chosen:
            if offset is not None:
                worker.offsets.committed(offset)

    async def _revoke(self, partitions: set[TopicPartition]) -> None:
        # Removed first, so that what is fetched for them meanwhile is left to the next member.
        workers = [self._workers.pop(each) for each in partitions if each in self._workers]
        await asyncio.gather(*(worker.close(self._finish_s) for worker in workers))
        if self._client is not None:
            try:
                await asyncio.wait_for(self._commit(self._client, workers), 5)
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("commit failed", group=self._group, cause=type(error).__name__)
        metrics.partitions_assigned.labels(self._group).set(len(self._workers))
        if workers and self._on_revoked is not None:
            await self._on_revoked({worker.partition for worker in workers})

    def _assign(self, partitions: set[TopicPartition]) -> None:
        for partition in partitions - self._workers.keys():
            self._workers[partition] = PartitionWorker(partition, self._context)
        self._connected = True
        metrics.partitions_assigned.labels(self._group).set(len(self._workers))
        log.info("partitions assigned", group=self._group, count=len(self._workers))


class _Rebalance(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._consumer._revoke(set(revoked))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._consumer._assign(set(assigned))
