"""A further sighting of an offence is linked to the citation that stands for it, and no draft."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit import outbox
from payesh.tickets import metrics
from payesh.tickets.adapters import citations, retention_jobs
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.domain.standing import Step
from payesh.tickets.evidence.joined_case import JoinedCase
from payesh.tickets.evidence.record import EvidenceRecord
from payesh.tickets.evidence.statement import Signer
from payesh.tickets.handlers import events, signing

_BY = "payesh-tickets"


async def link(
    session: AsyncSession,
    case: JoinedCase,
    evidence: EvidenceRecord,
    first: StoredCitation,
    signer: Signer | None,
) -> None:
    """End a case as a further sighting of `first`: its evidence stays, for both, and says so in a
    signed statement. The caller holds the plate. Raises DependencyFault while no key can sign."""
    ended_at = await citations.add_seen_again(session, case, evidence, same_as=first.citation_id)
    if ended_at is None:
        return  # delivered once more
    stored = await citations.find(session, case.citation_id)
    if stored is not None:
        step = Step(by=_BY, at=stored.now)
        await signing.sign_decision(signer, session, stored, stored.standing, step)
    await keep_as_long(session, case.citation_id, evidence, first.citation_id)
    reason = Rejection.SAME_OFFENCE
    await outbox.add(session, events.violation_rejected(case.violation, reason, ended_at))
    metrics.rejections.labels(reason).inc()


async def keep_as_long(
    session: AsyncSession, citation_id: UUID, evidence: EvidenceRecord | None, first_id: UUID
) -> None:
    """Keep a further sighting's evidence under lock as long as the first one's."""
    kept_until = await _kept_until(session, first_id)
    own = None if evidence is None else evidence.retained_until
    if kept_until is not None and (own or kept_until) < kept_until:
        await retention_jobs.add(session, citation_id, kept_until)


async def _kept_until(session: AsyncSession, citation_id: UUID) -> datetime | None:
    """How long the evidence of a citation lies under lock, or will within seconds."""
    # In this order: who extends the lock notes it on the citation as the job ends.
    due = await retention_jobs.due_until(session, citation_id)
    citation = await citations.find(session, citation_id)
    evidence = citation.evidence if citation is not None else None
    return due or (evidence.retained_until if evidence is not None else None)
