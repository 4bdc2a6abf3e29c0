"""What time brings: missed deadlines, unused reads to forget, longer locks of issued evidence."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from payesh.kit.database import Database
from payesh.kit.errors import DependencyFault, ObjectMissing
from payesh.kit.objects import ObjectStore
from payesh.tickets import metrics
from payesh.tickets.adapters import (
    bundle_jobs,
    citations,
    clip_openings,
    retention_jobs,
    waiting_room,
)
from payesh.tickets.handlers import reject_overdue

log = structlog.get_logger(__name__)


class Upkeep:
    """One round every `every_s`; several replicas may run it side by side.

    `caught_up` says whether every read on the bus has reached us: until then a missing one is our
    delay, and nobody's violation is rejected for it.
    """

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        *,
        caught_up: Callable[[], Awaitable[bool]],
        every_s: float = 2.0,
    ) -> None:
        self._database = database
        self._store = store
        self._caught_up = caught_up
        self._was_caught_up = False
        self._every_s = every_s
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="tickets-upkeep")

    async def stop(self) -> None:
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=10)
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.round()
            except DependencyFault as fault:
                log.warning("upkeep waits", dependency=fault.dependency)
            except Exception:  # deadlines must go on being watched
                log.exception("upkeep failed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._every_s)

    async def round(self) -> None:
        """Raises DependencyFault; what was done before it stays done."""
        # Twice in a row: the last read may be in hand at the first look.
        was_caught_up, self._was_caught_up = self._was_caught_up, await self._caught_up()
        if was_caught_up and self._was_caught_up:
            await self._reject_overdue()
        async with self._database.transaction() as session:
            await waiting_room.forget_expired_reads(session)
            await clip_openings.forget_old(session)
            metrics.bundles_waiting.set(await bundle_jobs.waiting(session))
        await self._extend_locks()

    async def _reject_overdue(self) -> None:
        async with self._database.transaction() as session:
            overdue = await waiting_room.overdue_passages(session)
        for passage_id in overdue:
            async with self._database.transaction() as session:
                await reject_overdue(session, passage_id)

    async def _extend_locks(self) -> None:
        async with self._database.transaction() as session:
            jobs = await retention_jobs.take(session, lease=timedelta(minutes=1))
        for job in jobs:
            async with self._database.transaction() as session:
                citation = await citations.find(session, job.citation_id)
            if citation is not None and citation.evidence is not None:
                for reference in citation.evidence.objects:
                    try:
                        await self._store.extend_retention(reference, job.retain_until)
                    except ObjectMissing:
                        # Nobody can delete a locked version, so this is the store's corruption.
                        log.error("locked evidence is gone", citation=str(job.citation_id))
            async with self._database.transaction() as session:
                await retention_jobs.finish(session, job.citation_id)
