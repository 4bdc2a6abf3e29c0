"""Chores: missed deadlines, unused reads to forget, longer locks of issued evidence."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from payesh.kit.database import Database
from payesh.kit.errors import DependencyFault, ObjectMissing
from payesh.kit.lifecycle import Periodic
from payesh.kit.objects import ObjectStore
from payesh.tickets import metrics
from payesh.tickets.adapters import (
    bundle_jobs,
    citations,
    clip_openings,
    retention_jobs,
    waiting_room,
)
from payesh.tickets.adapters.retention_jobs import RetentionJob
from payesh.tickets.handlers.joining import reject_overdue

log = structlog.get_logger(__name__)

_MARK_LASTS_S = 600.0


class Group(Protocol):
    """All replicas that consume together, as the kit's consumer knows them."""

    async def ends(self) -> Mapping[Any, int]: ...

    async def has_handled(self, ends: Mapping[Any, int]) -> bool: ...


@dataclass(frozen=True)
class _Mark:
    """A moment, and where the bus ended then or later."""

    at: datetime
    ends: Mapping[Any, int]
    set_at_s: float = field(default_factory=time.monotonic)


class Upkeep:
    """Chores, each every `every_s`; several replicas may run them side by side.

    Nothing is rejected or forgotten for want of a message that lies unread on the bus, in another
    replica's partitions too: what was due at a moment is acted upon once the whole group has
    handled everything that the bus held then.
    """

    def __init__(
        self, database: Database, store: ObjectStore, group: Group, *, every_s: float = 2.0
    ) -> None:
        self._database = database
        self._store = store
        self._group = group
        self._mark: _Mark | None = None
        self._every_s = every_s

    def chores(self) -> tuple[Periodic, ...]:
        """The parts that `main` runs. One that fails does not keep the others from their work."""
        return (
            Periodic("act on deadlines", self._every_s, self.act_on_what_was_due),
            Periodic("tidy", self._every_s, self.tidy),
            Periodic("extend locks", self._every_s, self.extend_locks),
        )

    async def act_on_what_was_due(self) -> None:
        """Reject and forget what was due at the mark once it is handled, then set the next.

        Raises DependencyFault; what was done before it stays done.
        """
        mark = self._mark
        if mark is not None and await self._group.has_handled(mark.ends):
            await self._reject_overdue(mark.at)
            async with self._database.transaction() as session:
                await waiting_room.forget_expired_reads(session, mark.at)
            mark = None
        # A bus that lost messages, or was made anew, never reaches an old mark.
        if mark is None or time.monotonic() - mark.set_at_s > _MARK_LASTS_S:
            self._mark = await self._next_mark()

    async def _next_mark(self) -> _Mark:
        # The moment first: whatever was said by then lies before the ends.
        async with self._database.transaction() as session:
            at = await waiting_room.clock(session)
        return _Mark(at, await self._group.ends())

    async def _reject_overdue(self, at: datetime) -> None:
        while True:
            async with self._database.transaction() as session:
                overdue = await waiting_room.overdue_passages(session, at)
            if not overdue:
                return
            for passage_id in overdue:
                async with self._database.transaction() as session:
                    await reject_overdue(session, passage_id, at)

    async def tidy(self) -> None:
        async with self._database.transaction() as session:
            await clip_openings.forget_old(session)
            metrics.bundles_waiting.set(await bundle_jobs.waiting(session))

    async def extend_locks(self) -> None:
        """What fails is due again in a minute, and keeps no other waiting."""
        async with self._database.transaction() as session:
            jobs = await retention_jobs.take(session, lease=timedelta(minutes=1))
        for job in jobs:
            try:
                await self._extend_lock(job)
            except DependencyFault as fault:
                log.warning(
                    "lock not extended", citation=str(job.citation_id), dependency=fault.dependency
                )
            except Exception:
                log.exception("lock not extended", citation=str(job.citation_id))

    async def _extend_lock(self, job: RetentionJob) -> None:
        async with self._database.transaction() as session:
            citation = await citations.find(session, job.citation_id)
        evidence = citation.evidence if citation is not None else None
        if evidence is not None:
            for reference in evidence.objects:
                try:
                    await self._store.extend_retention(reference, job.retain_until)
                except ObjectMissing:
                    # Nobody can delete a locked version, so this is the store's corruption.
                    log.error("locked evidence is gone", citation=str(job.citation_id))
        async with self._database.transaction() as session:
            if evidence is not None:
                locked = evidence.model_copy(update={"retained_until": job.retain_until})
                await citations.set_evidence(session, job.citation_id, locked)
            await retention_jobs.finish(session, job.citation_id)
