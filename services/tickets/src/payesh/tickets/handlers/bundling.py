"""Turning a joined case into a draft: its evidence is built and stored, then it is claimable."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit import outbox
from payesh.kit.database import Database
from payesh.kit.errors import DependencyFault, MessageFault, ObjectMissing
from payesh.kit.objects import ObjectStore
from payesh.tickets import metrics
from payesh.tickets.adapters import bundle_jobs, citations, exemptions, sightings
from payesh.tickets.adapters.bundle_jobs import BundleJob
from payesh.tickets.adapters.clock import require_clock
from payesh.tickets.adapters.plate_lock import hold_plate
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.domain.desk import DECIDED
from payesh.tickets.domain.holds import NO_CHECKS, Checks
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.domain.sighting import ALL_APART, Nearness
from payesh.tickets.evidence.bundling import BundleRules, build_bundle
from payesh.tickets.evidence.carrying import require_carrying
from payesh.tickets.evidence.known_objects import KnownObjects
from payesh.tickets.evidence.record import EvidenceRecord
from payesh.tickets.evidence.statement import Signer
from payesh.tickets.handlers import events, holding
from payesh.tickets.handlers.joining import reject
from payesh.tickets.handlers.linking import link

log = structlog.get_logger(__name__)

_LONGEST_WAIT_S = 300.0


@dataclass(frozen=True, slots=True)
class BundlingDependencies:
    """What bundling rests on. `missing_part_tries` counts attempts at a part that the store does
    not hold."""

    database: Database
    store: ObjectStore
    known: KnownObjects
    rules: BundleRules
    timeout_s: float
    missing_part_tries: int
    signer: Signer | None = None
    nearness: Nearness = ALL_APART
    checks: Checks = NO_CHECKS

    @property
    def lease(self) -> timedelta:
        """How long a job taken is not due again: a living worker has finished or renewed it."""
        return timedelta(seconds=2 * self.timeout_s)


async def take_job(dependencies: BundlingDependencies) -> BundleJob | None:
    """The job that is due longest, leased to the caller. Raises DependencyFault, also while this
    host's clock is wrong: the evidence would say so under lock, for years."""
    async with dependencies.database.transaction() as session:
        await require_clock(session)
        return await bundle_jobs.take(session, lease=dependencies.lease)


async def attempt(dependencies: BundlingDependencies, job: BundleJob) -> float | None:
    """Build the bundle and draft the citation, or reject it where its evidence does not hold.

    Returns the seconds until the job is due again where it was postponed, None when it is
    finished. A further sighting of an offence waits while the first one's decision can be undone.
    Raises DependencyFault: nothing is lost, try again.
    """
    outcome: EvidenceRecord | Rejection
    try:
        async with asyncio.timeout(dependencies.timeout_s):
            outcome = await build_bundle(
                job.case,
                dependencies.store,
                dependencies.rules,
                dependencies.signer,
                known=dependencies.known,
                examine=require_carrying,
            )
    except ObjectMissing as missing:
        if job.missing_attempts + 1 < dependencies.missing_part_tries:
            wait_s = 0.3 * 2**job.missing_attempts
            return await _postpone(dependencies, job, wait_s, missing.reason, was_missing=True)
        log.warning("evidence missing", citation=str(job.citation_id), reason=missing.reason)
        outcome = Rejection.EVIDENCE_MISSING
    except MessageFault as broken:
        log.warning("evidence broken", citation=str(job.citation_id), reason=broken.reason)
        outcome = Rejection.EVIDENCE_MISSING
    except DependencyFault:
        raise
    except TimeoutError as error:
        raise DependencyFault("store", "too slow") from error
    except Exception as error:  # a defect of this service must neither lose nor reject a violation
        log.exception("bundle failed", citation=str(job.citation_id), attempts=job.attempts)
        wait_s = min(_LONGEST_WAIT_S, 2.0 ** min(job.attempts, 8))
        return await _postpone(dependencies, job, wait_s, type(error).__name__, was_missing=False)
    return await _finish(dependencies, job, outcome)


async def keep_hold(dependencies: BundlingDependencies, job: BundleJob) -> None:
    """Renew the lease of a job in hand that waits for a dependency."""
    with contextlib.suppress(DependencyFault):
        async with dependencies.database.transaction() as session:
            await bundle_jobs.postpone(
                session, job.citation_id, wait=dependencies.lease, fault="waits", was_missing=False
            )


async def _finish(
    dependencies: BundlingDependencies, job: BundleJob, outcome: EvidenceRecord | Rejection
) -> float | None:
    if isinstance(outcome, Rejection):
        async with dependencies.database.transaction() as session:
            if await bundle_jobs.finish(session, job.citation_id):
                await reject(session, job.case.violation, outcome)
        return None
    async with dependencies.database.transaction() as session:
        plate = job.case.read.plate
        if plate is not None:
            await hold_plate(session, plate.text)
        first = await sightings.first_of(session, job.case, outcome, dependencies.nearness)
        wait_s = None if first is None else _undoable_s(first, job.attempts)
        drafted = wait_s is None and await _end(dependencies, session, job, outcome, first)
    if wait_s is not None:
        return await _postpone(dependencies, job, wait_s, "undoable", was_missing=False)
    if drafted:
        metrics.drafts.inc()
        metrics.draft_seconds.observe((datetime.now(UTC) - job.joined_at).total_seconds())
    return None


def _undoable_s(first: StoredCitation, attempts: int) -> float | None:
    """Seconds until the decision of an offence's first sighting is final; None where none is open:
    linked before, this one would go down with a first one that is rejected a moment later."""
    standing = first.standing
    if standing.state != DECIDED.name or standing.final_at is None:
        return None
    left_s = max(0.0, (standing.final_at - first.now).total_seconds())
    # Each attempt stores a bundle: rarer where no replica makes final what is due.
    return left_s + min(_LONGEST_WAIT_S, 2.0 ** min(attempts, 8))


async def _end(
    dependencies: BundlingDependencies,
    session: AsyncSession,
    job: BundleJob,
    evidence: EvidenceRecord,
    first: StoredCitation | None,
) -> bool:
    """Draft the citation, or link it to `first`; whether it was drafted. The caller holds the
    plate."""
    if not await bundle_jobs.finish(session, job.citation_id):
        return False  # another worker took over and was faster
    if first is not None:
        await link(session, job.case, evidence, first, dependencies.signer)
        return False
    drafted = await citations.add_drafted(session, job.case, evidence)
    if drafted is None:
        return False
    await exemptions.hold_draft(session, drafted)
    await holding.examine(session, drafted, dependencies.checks)
    await outbox.add(session, events.citation_drafted(job.case, evidence, drafted.created_at))
    return True


async def _postpone(
    dependencies: BundlingDependencies,
    job: BundleJob,
    wait_s: float,
    fault: str,
    *,
    was_missing: bool,
) -> float:
    metrics.bundle_retries.labels("missing" if was_missing else "error").inc()
    async with dependencies.database.transaction() as session:
        await bundle_jobs.postpone(
            session,
            job.citation_id,
            wait=timedelta(seconds=wait_s),
            fault=fault,
            was_missing=was_missing,
        )
    return wait_s
