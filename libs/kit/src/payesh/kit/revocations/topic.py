"""Follows the topic of revocations: all of it, in every replica, without a consumer group."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from payesh.contracts import TokensRevoked
from payesh.kit import metrics
from payesh.kit.bus.connection import connection
from payesh.kit.bus.envelope import open_envelope
from payesh.kit.errors import MessageFault
from payesh.kit.lifecycle import Backoff
from payesh.kit.settings import BusSettings

log = structlog.get_logger(__name__)

_FETCH_WAIT_MS = 200
_PROBE_EVERY_S = 1.0
_PROBE_TIMEOUT_S = 3.0
_LONGEST_WAIT_S = 2.0
_MESSAGES_AT_ONCE = 500


class TopicFollower:
    """Reads the topic from its beginning, and goes on.

    `learn` takes what was read. `confirm` is called with the seconds that passed since all that the
    topic had was taken in.
    Nothing is committed, so a replica that starts reads all again.
    """

    def __init__(
        self,
        settings: BusSettings,
        *,
        learn: Callable[[Sequence[TokensRevoked]], None],
        confirm: Callable[[float], None],
    ) -> None:
        self._settings = settings
        self._learn = learn
        self._confirm = confirm
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin in the background; the bus may still be away."""
        self._task = asyncio.create_task(self._run(), name="revocations topic")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def _run(self) -> None:
        backoff = Backoff(longest_s=_LONGEST_WAIT_S)
        while True:
            try:
                await self._follow(backoff.reset)
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("revocations: bus away", cause=type(error).__name__)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                # aiokafka cancels what waits on a connection that is lost, not this task.
                log.warning("revocations: bus away", cause="CancelledError")
            except Exception:  # a follower that ended here would let revoked tokens pass unnoticed
                log.exception("revocations: topic not followed")
            await asyncio.sleep(backoff.next_s())

    async def _follow(self, caught_up: Callable[[], None]) -> None:
        client = AIOKafkaConsumer(
            TokensRevoked.topic,
            **connection(self._settings),
            client_id=f"{self._settings.kafka_client_id}-{self._settings.service}-revocations",
            group_id=None,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            request_timeout_ms=10_000,
            metadata_max_age_ms=30_000,
            retry_backoff_ms=200,
        )
        try:
            await client.start()
            looked_at = float("-inf")
            while True:
                fetched = await client.getmany(
                    timeout_ms=_FETCH_WAIT_MS, max_records=_MESSAGES_AT_ONCE
                )
                records = [record for each in fetched.values() for record in each]
                if records:
                    self._learn(_opened(records))
                now = asyncio.get_running_loop().time()
                if records or now - looked_at >= _PROBE_EVERY_S:
                    looked_at = now
                    if await self._at_end(client):
                        self._confirm(asyncio.get_running_loop().time() - now)
                        caught_up()
        finally:
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                await asyncio.wait_for(client.stop(), 5)

    async def _at_end(self, client: AIOKafkaConsumer) -> bool:
        """Ask the broker for the ends: a silent connection looks like a topic without news."""
        partitions = client.assignment()
        if not partitions:
            return False
        async with asyncio.timeout(_PROBE_TIMEOUT_S):
            ends = await client.end_offsets(partitions)
            positions = [await client.position(each) >= ends[each] for each in partitions]
        return all(positions)


def _opened(records: Sequence[object]) -> list[TokensRevoked]:
    opened = []
    for record in records:
        try:
            opened.append(open_envelope(record).event)
        except MessageFault as fault:
            metrics.revocations_unreadable.inc()
            log.error("revocations: message not understood", reason=fault.reason)
    return opened
