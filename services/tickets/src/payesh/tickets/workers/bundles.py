"""Work behind the consumers: building bundles, deadlines, longer locks of issued evidence."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from payesh.contracts import CitationDrafted
from payesh.contracts.tickets import LawReference
from payesh.kit import outbox
from payesh.kit.database import Database
from payesh.kit.errors import DependencyFault, MessageFault, ObjectMissing
from payesh.kit.lifecycle import Backoff, WakingWorker
from payesh.kit.objects import ObjectStore
from payesh.kit.telemetry import tracer, use_traceparent
from payesh.tickets import metrics
from payesh.tickets.adapters import bundle_jobs, citations
from payesh.tickets.adapters.bundle_jobs import BundleJob
from payesh.tickets.adapters.evidence_record import EvidenceRecord
from payesh.tickets.domain.citation import Rejection
from payesh.tickets.evidence.bundling import BundleRules, build_bundle
from payesh.tickets.handlers.joining import reject

log = structlog.get_logger(__name__)

_POLL_S = 2.0


class BundleWorkers:
    """A bounded number of tasks that build bundles, woken as soon as a join has committed.

    A dependency that is away is waited for as long as it takes; evidence that does not hold
    rejects the citation; any other error is tried again, ever more slowly, and logged.
    """

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        rules: BundleRules,
        *,
        in_parallel: int,
        timeout_s: float,
        missing_part_tries: int,
    ) -> None:
        self._database = database
        self._store = store
        self._rules = rules
        self._timeout_s = timeout_s
        self._missing_part_tries = missing_part_tries
        self._lease = timedelta(seconds=2 * timeout_s)
        self._worker = WakingWorker(
            "bundles", self._take_and_work, poll_s=_POLL_S, concurrency=in_parallel
        )
        self._waits_for: dict[UUID, str] = {}

    @property
    def waits_for(self) -> str | None:
        """The dependency that a bundle waits for, for `/readyz`."""
        return next(iter(self._waits_for.values()), self._worker.blocked_by)

    def wake(self) -> None:
        """A job was committed: take it now instead of at the next poll."""
        self._worker.wake()

    async def start(self) -> None:
        await self._worker.start()

    async def stop(self) -> None:
        """Finish the bundles in hand, for a while; what is left is taken up by the next start."""
        await self._worker.stop()

    async def _take_and_work(self) -> bool:
        async with self._database.transaction() as session:
            job = await bundle_jobs.take(session, lease=self._lease)
        if job is None:
            return False
        try:
            await self._work(job)
        finally:
            self._waits_for.pop(job.citation_id, None)
        return True

    async def _work(self, job: BundleJob) -> None:
        """Until the job is finished or postponed. The dependency's wait is spent here, in hand:
        a database that is away could not note a later attempt."""
        backoff = Backoff()
        with use_traceparent(job.traceparent), tracer.start_as_current_span("tickets.bundle"):
            while not self._worker.stopping:
                try:
                    await self._attempt(job)
                except (DependencyFault, TimeoutError) as error:
                    fault = (
                        error
                        if isinstance(error, DependencyFault)
                        else DependencyFault("store", "too slow")
                    )
                    metrics.bundle_retries.labels(fault.dependency).inc()
                    await self._wait_for(job, fault, backoff.next_s())
                    await self._keep_hold(job)
                else:
                    return

    async def _attempt(self, job: BundleJob) -> None:
        """Raises DependencyFault and TimeoutError only."""
        try:
            async with asyncio.timeout(self._timeout_s):
                outcome = await build_bundle(job, self._store, self._rules)
        except ObjectMissing as missing:
            if job.missing_attempts + 1 < self._missing_part_tries:
                await self._postpone(job, 0.3 * 2**job.missing_attempts, missing.reason, True)
                return
            log.warning("evidence missing", citation=str(job.citation_id), why=missing.reason)
            outcome = Rejection.EVIDENCE_MISSING
        except MessageFault as broken:
            log.warning("evidence broken", citation=str(job.citation_id), why=broken.reason)
            outcome = Rejection.EVIDENCE_MISSING
        except (DependencyFault, TimeoutError):
            raise
        except Exception as error:  # a defect of ours must neither lose nor reject a violation
            log.exception("bundle failed", citation=str(job.citation_id), attempts=job.attempts)
            wait_s = min(300.0, 2.0 ** min(job.attempts, 8))
            await self._postpone(job, wait_s, type(error).__name__, False)
            return
        await self._finish(job, outcome)

    async def _finish(self, job: BundleJob, outcome: EvidenceRecord | Rejection) -> None:
        async with self._database.transaction() as session:
            if not await bundle_jobs.finish(session, job.citation_id):
                return  # another worker took over and was faster
            if isinstance(outcome, Rejection):
                await reject(session, job.violation, outcome)
                return
            drafted_at = await citations.add_drafted(
                session, job.citation_id, job.violation, job.read, job.law, outcome
            )
            if drafted_at is None:
                return
            await outbox.add(session, drafted_event(job, job.law, outcome, drafted_at))
        metrics.drafts.inc()
        metrics.draft_seconds.observe((datetime.now(UTC) - job.joined_at).total_seconds())

    async def _postpone(self, job: BundleJob, wait_s: float, fault: str, missing: bool) -> None:
        metrics.bundle_retries.labels("missing" if missing else "error").inc()
        async with self._database.transaction() as session:
            await bundle_jobs.postpone(
                session,
                job.citation_id,
                wait=timedelta(seconds=wait_s),
                fault=fault,
                was_missing=missing,
            )
        asyncio.get_running_loop().call_later(wait_s + 0.01, self.wake)

    async def _keep_hold(self, job: BundleJob) -> None:
        with contextlib.suppress(DependencyFault):
            async with self._database.transaction() as session:
                await bundle_jobs.postpone(
                    session, job.citation_id, wait=self._lease, fault="waits", was_missing=False
                )

    async def _wait_for(self, job: BundleJob, fault: DependencyFault, seconds: float) -> None:
        if job.citation_id not in self._waits_for:
            log.warning("bundle waits", dependency=fault.dependency)
        self._waits_for[job.citation_id] = fault.dependency
        await self._worker.pause(seconds)


def drafted_event(
    job: BundleJob, law: LawReference, evidence: EvidenceRecord, drafted_at: datetime
) -> CitationDrafted:
    violation, read = job.violation, job.read
    if read.plate is None:
        raise ValueError("a citation cannot be drafted without a plate")
    return CitationDrafted(
        camera_id=violation.camera_id,
        county=violation.county,
        road_class=violation.road_class,
        place_class=violation.place_class,
        captured_at=violation.captured_at,
        clock_source=violation.clock_source,
        clock_u95_ms=violation.clock_u95_ms,
        citation_id=job.citation_id,
        violation_id=violation.violation_id,
        passage_id=violation.passage_id,
        rule=violation.rule,
        plate=read.plate,
        measurement=violation.measurement,
        law=law,
        manifest=evidence.manifest,
        clip=evidence.clip,
        drafted_at=drafted_at,
    )
