"""The relay: publishes the outbox's rows in order of id per key."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit import metrics
from payesh.kit.bus.envelope import Message
from payesh.kit.bus.producer import Producer
from payesh.kit.database import Database
from payesh.kit.errors import DependencyFault
from payesh.kit.tables import inbox, outbox

_RELAY_LOCK = 0x50590002

log = structlog.get_logger(__name__)


class Relay:
    """Publishes outbox rows in order of id per key and deletes what the bus acknowledged.

    Any number of relays may run: an advisory lock lets one work at a time.
    """

    def __init__(
        self,
        database: Database,
        producer: Producer,
        *,
        batch_size: int = 500,
        poll_s: float = 1.0,
        inbox_keep: timedelta = timedelta(days=8),
    ) -> None:
        self._database = database
        self._producer = producer
        self._batch_size = batch_size
        self._poll_s = poll_s
        self._inbox_keep = inbox_keep
        self._woken = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._pruned_at = datetime.min.replace(tzinfo=UTC)
        self.blocked_by: str | None = None
        """The dependency that rows wait for, for `/readyz`; None when rows are published."""
        database.on_outbox_commit(self.wake)

    @property
    def database(self) -> Database:
        """The database whose outbox this relay publishes."""
        return self._database

    async def start(self) -> None:
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name="outbox-relay")

    async def stop(self) -> None:
        """Publish what already waits, if the bus allows, and end."""
        self._stopping = True
        self.wake()
        if self._task is not None:
            done, _ = await asyncio.wait({self._task}, timeout=10)
            if not done:
                self._task.cancel()
                await asyncio.wait({self._task})
            self._task = None

    def wake(self) -> None:
        """Something was added: publish now instead of at the next poll."""
        self._woken.set()

    async def _run(self) -> None:
        backoff_s = 0.2
        while True:
            self._woken.clear()
            more = False
            try:
                more = await self.publish_batch() == self._batch_size
                await self._prune()
                self.blocked_by, backoff_s = None, 0.2
            except DependencyFault as fault:
                self.blocked_by = fault.dependency
                log.warning("relay waits", dependency=fault.dependency)
            except Exception:  # a relay that ended would hold back every event, unseen
                self.blocked_by = "relay"
                log.exception("relay failed")
            if self._stopping and (self.blocked_by or not more):
                return
            if self.blocked_by:
                await asyncio.sleep(backoff_s)
                backoff_s = min(5.0, backoff_s * 2)
            elif not more:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._poll_s)

    async def publish_batch(self) -> int:
        """Publish one batch; the number of rows it looked at, 0 when another relay works.

        Raises DependencyFault when some could not be published; the others are deleted.
        """
        async with self._database.transaction() as session:
            locked = await session.scalar(select(func.pg_try_advisory_xact_lock(_RELAY_LOCK)))
            if not locked:
                return 0
            rows = (
                await session.execute(select(outbox).order_by(outbox.c.id).limit(self._batch_size))
            ).all()
            await self._measure(session, rows)
            if not rows:
                return 0
            outcome = await self._producer.publish_all([_message(row) for row in rows])
            sent = [row.id for row, acked in zip(rows, outcome.acknowledged, strict=True) if acked]
            await session.execute(delete(outbox).where(outbox.c.id.in_(sent)))
        metrics.relay_published.inc(len(sent))
        if outcome.fault is not None:
            raise outcome.fault
        return len(rows)

    async def _measure(self, session: AsyncSession, rows: Sequence[Any]) -> None:
        backlog = len(rows)
        if backlog == self._batch_size:
            backlog = await session.scalar(select(func.count()).select_from(outbox)) or 0
        metrics.outbox_backlog.set(backlog)
        age = (datetime.now(UTC) - rows[0].added_at).total_seconds() if rows else 0.0
        metrics.outbox_age_seconds.set(max(0.0, age))

    async def _prune(self) -> None:
        now = datetime.now(UTC)
        if now - self._pruned_at < timedelta(minutes=10):
            return
        self._pruned_at = now
        async with self._database.transaction() as session:
            await session.execute(delete(inbox).where(inbox.c.handled_at < now - self._inbox_keep))


def _message(row: Any) -> Message:
    headers = row.headers if isinstance(row.headers, dict) else json.loads(row.headers)
    return Message(
        topic=row.topic,
        key=bytes(row.key),
        value=bytes(row.body),
        headers=tuple((name, value.encode()) for name, value in headers.items()),
        event_id=row.event_id,
    )
