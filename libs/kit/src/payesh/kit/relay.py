"""The relay: publishes the outbox's rows in order of id per key."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit import metrics
from payesh.kit.bus.envelope import Message
from payesh.kit.bus.producer import Producer
from payesh.kit.database import Database
from payesh.kit.lifecycle import Periodic, WakingWorker
from payesh.kit.tables import inbox, outbox

_RELAY_LOCK = 0x50590002
_GATHER_S = 0.01
_COUNT_EVERY_S = 10.0
_PRUNE_EVERY_S = 600.0

# Not `id IN (...)`, which SQLAlchemy writes and PostgreSQL plans anew for each number of ids.
_DELETE = text("DELETE FROM outbox WHERE id = ANY(CAST(:ids AS bigint[]))")


class Relay:
    """Publishes outbox rows in order of id per key and deletes what the bus acknowledged.

    Any number of relays may run: an advisory lock lets one work at a time. Between them they also
    delete the inbox rows that are older than `inbox_keep`.
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
        self._inbox_keep = inbox_keep
        self._counted_at = float("-inf")
        self._publishing = WakingWorker("relay", self._publish, poll_s=poll_s, drain=True)
        self._pruning = Periodic("inbox pruning", _PRUNE_EVERY_S, self._prune)
        database.on_outbox_commit(self.wake)

    @property
    def database(self) -> Database:
        """The database whose outbox this relay publishes."""
        return self._database

    @property
    def blocked_by(self) -> str | None:
        """The dependency that rows wait for, for `/readyz`; None when rows are published."""
        return self._publishing.blocked_by

    async def start(self) -> None:
        await self._publishing.start()
        await self._pruning.start()

    async def stop(self) -> None:
        """Publish what already waits, if the bus allows, and end."""
        await self._pruning.stop()
        await self._publishing.stop()

    def wake(self) -> None:
        """Publish now instead of at the next poll: a row was added."""
        self._publishing.wake()

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
            await session.execute(_DELETE, {"ids": sent})
        metrics.relay_published.inc(len(sent))
        if outcome.fault is not None:
            raise outcome.fault
        return len(rows)

    async def _publish(self) -> bool:
        count = await self.publish_batch()
        if 0 < count < self._batch_size:
            # What is committed meanwhile shares the next batch: a batch costs five round trips,
            # and without a pause each would carry the few rows of one of them.
            await self._publishing.pause(_GATHER_S)
        return count == self._batch_size

    async def _measure(self, session: AsyncSession, rows: Sequence[Any]) -> None:
        backlog = len(rows)
        if backlog < self._batch_size:
            metrics.outbox_backlog.set(backlog)
        elif time.monotonic() - self._counted_at > _COUNT_EVERY_S:
            # Counting reads the whole backlog: for each batch, that would be quadratic.
            self._counted_at = time.monotonic()
            counted = await session.scalar(select(func.count()).select_from(outbox))
            metrics.outbox_backlog.set(counted or 0)
        age = (datetime.now(UTC) - rows[0].added_at).total_seconds() if rows else 0.0
        metrics.outbox_age_seconds.set(max(0.0, age))

    async def _prune(self) -> None:
        before = datetime.now(UTC) - self._inbox_keep
        async with self._database.transaction() as session:
            await session.execute(delete(inbox).where(inbox.c.handled_at < before))


def _message(row: Any) -> Message:
    headers = row.headers if isinstance(row.headers, dict) else json.loads(row.headers)
    return Message(
        topic=row.topic,
        key=bytes(row.key),
        value=bytes(row.body),
        headers=tuple((name, value.encode()) for name, value in headers.items()),
        event_id=row.event_id,
    )
