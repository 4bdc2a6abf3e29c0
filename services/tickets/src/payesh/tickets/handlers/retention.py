"""Locks on evidence: longer ones of issued citations, decisions beside their bundles; what is
over of openings of clips and of owners' codes."""

from datetime import timedelta

import structlog

from payesh.kit.database import Database
from payesh.kit.errors import DependencyFault, ObjectMissing
from payesh.kit.objects import ObjectStore
from payesh.tickets import metrics
from payesh.tickets.adapters import (
    bundle_jobs,
    citations,
    decision_statements,
    owner_codes,
    retention_jobs,
)
from payesh.tickets.adapters.retention_jobs import RetentionJob
from payesh.tickets.evidence import openings
from payesh.tickets.evidence.bundling import EVIDENCE
from payesh.verify.decisions import file_name

log = structlog.get_logger(__name__)


async def extend_locks(database: Database, store: ObjectStore) -> None:
    """Extend what is due. What fails is due again in a minute, and keeps no other waiting."""
    async with database.transaction() as session:
        jobs = await retention_jobs.take(session, lease=timedelta(minutes=1))
    for job in jobs:
        try:
            await _extend_lock(database, store, job)
        except DependencyFault as fault:
            log.warning(
                "lock not extended", citation=str(job.citation_id), dependency=fault.dependency
            )
        except Exception:
            log.exception("lock not extended", citation=str(job.citation_id))


async def _extend_lock(database: Database, store: ObjectStore, job: RetentionJob) -> None:
    async with database.transaction() as session:
        citation = await citations.find(session, job.citation_id)
    evidence = citation.evidence if citation is not None else None
    if evidence is not None:
        for reference in evidence.objects:
            try:
                await store.extend_retention(reference, job.retain_until)
            except ObjectMissing:
                # A locked version cannot be deleted, so this is the store's corruption.
                log.error("locked evidence is gone", citation=str(job.citation_id))
    async with database.transaction() as session:
        if evidence is not None:
            locked = evidence.model_copy(update={"retained_until": job.retain_until})
            await citations.set_evidence(session, job.citation_id, locked)
        await retention_jobs.finish(session, job.citation_id)


async def keep_decisions(database: Database, store: ObjectStore, *, lasts: timedelta) -> None:
    """Put signed decisions beside their bundles, under lock: who can change the database cannot
    change what was decided. Raises DependencyFault; then they are put again, as new versions."""
    async with database.transaction() as session:
        for decision in await decision_statements.not_kept(session):
            await store.put(
                EVIDENCE,
                f"{decision.citation_id}/{file_name(decision.sequence)}",
                decision.statement.encode(),
                media_type="application/jose",
                retain_until=decision.made_at + lasts,
            )
            await decision_statements.note_kept(session, decision)


async def tidy(database: Database) -> None:
    """Forget openings that are over; measure what waits."""
    async with database.transaction() as session:
        await openings.forget_old(session)
        await owner_codes.forget_old(session)
        metrics.bundles_waiting.set(await bundle_jobs.waiting(session))
