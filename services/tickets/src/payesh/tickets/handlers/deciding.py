"""What officers do to a citation: claim, release, issue, reject.

Each takes one transition in one transaction and is recorded. Each raises NotFound for an unknown
citation, Forbidden for one outside the principal's bounds and for a machine, and Conflict, whose
type is the refusal's name, where the citation's standing does not allow the transition.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.plate_text import fold
from payesh.kit import outbox
from payesh.kit.errors import Conflict, NotFound
from payesh.kit.principal import Principal
from payesh.tickets import metrics
from payesh.tickets.adapters import citations, retention_jobs
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import desk
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.domain.standing import Refusal, Step, Transition
from payesh.tickets.handlers import actions, events
from payesh.tickets.handlers.actions import Action
from payesh.tickets.handlers.audited import find_allowed, query_of, record
from payesh.tickets.jalali import jalali_day

S = TypeVar("S", bound=Step)


async def claim(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> StoredCitation:
    """Hold a draft for a while; the officer's own claim begins anew."""
    async with locked(dependencies, principal, citation_id, actions.CLAIM) as (session, citation):
        step = desk.Claiming(by=principal.subject, at=citation.now, lease=dependencies.claim_lease)
        return await take(session, citation, desk.CLAIM, step)


async def release(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> StoredCitation:
    """Give a claimed draft back undecided."""
    async with locked(dependencies, principal, citation_id, actions.RELEASE) as (session, citation):
        return await take(
            session, citation, desk.RELEASE, Step(by=principal.subject, at=citation.now)
        )


async def issue(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, plate: str
) -> StoredCitation:
    """Issue to the drafted plate, which the officer confirms by giving it in any spelling."""
    async with locked(dependencies, principal, citation_id, actions.ISSUE) as (session, citation):
        year = jalali_day(citation.now).year
        # Drawn before the guards are asked: a refusal rolls back and leaves no gap.
        serial = await citations.next_serial(session, year)
        step = desk.Issuing(
            by=principal.subject,
            at=citation.now,
            plate=fold(plate),
            number=desk.citation_number(year, serial),
        )
        issued = await take(session, citation, desk.ISSUE, step)
        await retention_jobs.add(session, citation_id, step.at + dependencies.issued_retention)
        await outbox.add(session, events.citation_issued(issued))
    metrics.decisions.labels(actions.ISSUE.name).inc()
    return issued


async def reject(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, reason: Rejection
) -> StoredCitation:
    """End a claimed draft without a fine."""
    async with locked(dependencies, principal, citation_id, actions.REJECT) as (session, citation):
        step = desk.Rejecting(by=principal.subject, at=citation.now, reason=reason)
        rejected = await take(session, citation, desk.REJECT, step)
        await outbox.add(session, events.citation_rejected(rejected))
    metrics.decisions.labels(actions.REJECT.name).inc()
    return rejected


@asynccontextmanager
async def locked(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, action: Action
) -> AsyncIterator[tuple[AsyncSession, StoredCitation]]:
    """A transaction that holds the citation's row, and records `action` when it ends well."""
    await find_allowed(dependencies, principal, citation_id, action)
    async with dependencies.database.transaction() as session:
        citation = await citations.lock(session, citation_id)
        if citation is None:
            raise NotFound("no such citation")
        yield session, citation
        await record(session, principal, action, [citation], query=query_of(dependencies, citation))


async def take(
    session: AsyncSession, citation: StoredCitation, transition: Transition[S], step: S
) -> StoredCitation:
    """Take any registered transition and store where the citation stands then."""
    after = citation.standing.after(transition, step)
    if isinstance(after, Refusal):
        raise Conflict(after.text, type=after.name)
    await citations.save(session, citation.citation_id, after, expected=citation.standing)
    return replace(citation, standing=after)
