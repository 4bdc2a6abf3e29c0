"""Violations whose read never came, and reads that no violation asked for."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from payesh.kit.bus import Consumer
from payesh.kit.database import Database
from payesh.tickets.adapters import waiting_room
from payesh.tickets.handlers.joining import reject_overdue

_MARK_LASTS_S = 600.0


@dataclass(frozen=True, slots=True)
class _Mark:
    """A moment, and where the bus ended then or later."""

    at: datetime
    ends: Mapping[Any, int]
    set_at_s: float = field(default_factory=time.monotonic)


class Deadlines:
    """Acts on what was due at a mark once the whole group has handled what the bus held then.

    So nothing is rejected or forgotten for want of a message that lies unread on the bus, in
    another replica's partitions too. Several replicas may keep deadlines side by side.
    """

    def __init__(self, database: Database, consumer: Consumer) -> None:
        self._database = database
        self._consumer = consumer
        self._mark: _Mark | None = None

    async def keep(self) -> None:
        """Reject and forget what was due at the mark once it is handled, then set the next.

        Raises DependencyFault; what was done before it stays done.
        """
        mark = self._mark
        if mark is not None and await self._consumer.has_handled(mark.ends):
            await self._reject_overdue(mark.at)
            async with self._database.transaction() as session:
                await waiting_room.forget_expired_reads(session, mark.at)
            mark = None
        # A bus that lost messages, or was made anew, never reaches an old mark.
        if mark is None or time.monotonic() - mark.set_at_s > _MARK_LASTS_S:
            self._mark = await self._next_mark()

    async def _next_mark(self) -> _Mark:
        # The moment first: all that was published by then lies before the ends.
        async with self._database.transaction() as session:
            at = await waiting_room.clock(session)
        return _Mark(at, await self._consumer.ends())

    async def _reject_overdue(self, at: datetime) -> None:
        while True:
            async with self._database.transaction() as session:
                overdue = await waiting_room.overdue_passages(session, at)
            if not overdue:
                return
            for passage_id in overdue:
                async with self._database.transaction() as session:
                    await reject_overdue(session, passage_id, at)
