"""Decisions that nobody undid in time are made final: numbered, signed and published.

The deadline lies in the row, so that any replica carries it out after a crash of the one that took
the decision.
"""

from random import SystemRandom
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.errors import DependencyFault
from payesh.tickets import metrics
from payesh.tickets.adapters import (
    exemptions,
    holds,
    notification_jobs,
    retention_jobs,
    second_looks,
    sightings,
    suspensions,
    warning_periods,
)
from payesh.tickets.adapters import finality as due
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import finality
from payesh.tickets.domain.numbering import citation_number
from payesh.tickets.domain.standing import Step
from payesh.tickets.domain.warning import BECOME_WARNED, WARNED
from payesh.tickets.handlers import actions, events
from payesh.tickets.handlers.publishing import publish
from payesh.tickets.handlers.taking import take
from payesh.tickets.jalali import jalali_day

log = structlog.get_logger(__name__)

_AT_ONCE = 200
_BY = "payesh-tickets"


async def finalise(dependencies: Dependencies) -> None:
    """Make at most 200 decisions final that are due, each in a transaction of its own. One that
    fails keeps no other waiting. Raises DependencyFault, for example while no key can sign."""
    failed: set[UUID] = set()
    for _ in range(_AT_ONCE):
        async with dependencies.database.transaction() as session:
            citation = await due.lock_due(session, failed)
            if citation is None:
                return
            try:
                async with session.begin_nested():
                    await make_final(dependencies, session, citation)
            except DependencyFault:
                raise
            except Exception:  # it stays decided, and is tried again by the next run
                failed.add(citation.citation_id)
                log.exception("not made final", citation=str(citation.citation_id))


async def make_final(
    dependencies: Dependencies, session: AsyncSession, citation: StoredCitation
) -> StoredCitation:
    """Issue or reject a citation, as its officer decided; the caller holds its row. It is a draft
    again where something holds it now that did not when it was decided to be issued, and a warning
    where its camera only warned."""
    standing = citation.standing
    if standing.decided_by is None:
        raise ValueError("a decided citation has an officer")
    if not finality.is_to_be_issued(standing):
        step = Step(by=standing.decided_by, at=citation.now)
        rejected = await take(dependencies, session, citation, finality.BECOME_REJECTED, step)
        await publish(session, events.citation_rejected(rejected))
        await _draw(dependencies, session, rejected)
        metrics.decisions.labels(actions.REJECT.name).inc()
        return rejected
    if await _is_held(session, citation):
        step = Step(by=_BY, at=citation.now)
        log.info("held since it was decided", citation=str(citation.citation_id))
        return await take(dependencies, session, citation, finality.BECOME_HELD, step)
    if await warning_periods.covers(session, citation):
        step = Step(by=standing.decided_by, at=citation.now)
        warned = await take(dependencies, session, citation, BECOME_WARNED, step)
        await publish(session, events.citation_closed(warned, WARNED.name, citation.now))
        await _draw(dependencies, session, warned)
        metrics.decisions.labels("warn").inc()
        return warned
    year = jalali_day(citation.now).year
    # Drawn before the guards are asked: a refusal rolls back and leaves no gap.
    serial = await due.next_serial(session, year, citation.county)
    numbering = finality.Numbering(
        by=standing.decided_by,
        at=citation.now,
        number=citation_number(year, citation.county, serial),
    )
    issued = await take(dependencies, session, citation, finality.BECOME_ISSUED, numbering)
    kept_until = numbering.at + dependencies.issued_retention
    for each in (citation.citation_id, *await sightings.linked_to(session, citation.citation_id)):
        await retention_jobs.add(session, each, kept_until)
    await publish(session, events.citation_issued(issued))
    if dependencies.reaches_owners:
        await notification_jobs.add(session, issued.citation_id)
    await _draw(dependencies, session, issued)
    metrics.decisions.labels(actions.ISSUE.name).inc()
    return issued


async def _is_held(session: AsyncSession, citation: StoredCitation) -> bool:
    """Whether an exemption, a hold or its camera's suspension forbids to issue it."""
    return (
        await exemptions.hold_draft(session, citation) is not None
        or bool(await holds.lasting(session, citation.citation_id))
        or await suspensions.is_suspended(session, citation.camera_id)
    )


async def _draw(dependencies: Dependencies, session: AsyncSession, final: StoredCitation) -> None:
    """Draw a random sample for the second look; no officer can foresee which."""
    if SystemRandom().random() < dependencies.second_look_share:
        await second_looks.draw(session, final)
