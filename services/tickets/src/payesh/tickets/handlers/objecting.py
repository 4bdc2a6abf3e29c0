"""Objections: entered by a clerk or over the API, decided by an officer who had no part in the
citation; errors as those of `deciding`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.values import ObjectReference
from payesh.kit.errors import Conflict, NotFound
from payesh.kit.principal import Principal
from payesh.tickets.adapters import attachments, objections
from payesh.tickets.adapters.objections import StoredObjection
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import objection as law
from payesh.tickets.domain.objection import Grounds, Outcome
from payesh.tickets.domain.standing import Step, Transition
from payesh.tickets.evidence.attachments import Attachment
from payesh.tickets.evidence.bundling import EVIDENCE
from payesh.tickets.handlers import actions, events
from payesh.tickets.handlers.audited import find_allowed, query_of, record, record_objections
from payesh.tickets.handlers.notifying import terms_of
from payesh.tickets.handlers.publishing import publish
from payesh.tickets.handlers.taking import locked, take
from payesh.tickets.jalali import end_of_day


@dataclass(frozen=True, slots=True)
class Written:
    """An objection as it came in. `received_at` None is now; `attachments` were checked."""

    grounds: Grounds
    statement: str
    received_at: datetime | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """`reason` is given to the owner; `reduced_to_rial` is of a reduction alone."""

    outcome: Outcome
    reason: str
    reduced_to_rial: int | None = None


async def object_to(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, written: Written
) -> StoredObjection:
    """Enter an owner's objection, or one more by an owner who insists after a decision."""
    async with locked(dependencies, principal, citation_id, actions.OBJECT) as (session, citation):
        return await enter(dependencies, session, citation, written, by=principal.subject)


async def enter(
    dependencies: Dependencies,
    session: AsyncSession,
    citation: StoredCitation,
    written: Written,
    *,
    by: str,
) -> StoredObjection:
    """As `object_to`, to a citation whose row the transaction holds."""
    before = await objections.of(session, citation.citation_id)
    received_at = written.received_at or citation.now
    if citation.standing.state in law.INSIST.leaves:
        insisting = law.Insisting(
            by=by, at=citation.now, received_at=received_at, heard=len(before)
        )
        objected = await take(dependencies, session, citation, law.INSIST, insisting)
    else:
        objecting = law.Objecting(by=by, at=citation.now, received_at=received_at)
        objected = await take(dependencies, session, citation, law.OBJECT, objecting)
    objection_id = uuid4()
    await objections.add(
        session,
        citation,
        objection_id,
        instance=len(before) + 1,
        grounds=written.grounds,
        statement=written.statement,
        received_at=received_at,
        by=by,
    )
    for number, each in enumerate(written.attachments):
        kept = await dependencies.store.put(
            EVIDENCE,
            f"{citation.citation_id}/objections/{objection_id}/{number}",
            each.body,
            media_type=each.media_type,
            retain_until=citation.now + dependencies.issued_retention,
        )
        await attachments.add(session, objection_id, number, kept)
    await publish(session, events.citation_objected(objected, objection_id, received_at))
    return (await objections.of(session, citation.citation_id))[-1]


async def decide(
    dependencies: Dependencies,
    principal: Principal,
    citation_id: UUID,
    objection_id: UUID,
    judgement: Judgement,
) -> StoredObjection:
    """Decide an objection, with the reason. Raises Conflict `another-officer` for who decided the
    citation, entered the objection or decided it before."""
    action = actions.DECIDE_OBJECTION
    async with locked(dependencies, principal, citation_id, action) as (session, citation):
        all_of_it = await objections.of(session, citation_id)
        found = next((each for each in all_of_it if each.objection_id == objection_id), None)
        if found is None:
            raise NotFound("no such objection")
        if found.outcome is not None:
            raise Conflict("this objection is decided", type="objection-decided")
        terms = await terms_of(session, citation_id)
        barred = {each.decided_by for each in all_of_it if each.decided_by is not None}
        transition, step = _step(
            judgement,
            by=principal.subject,
            at=citation.now,
            barred=frozenset(barred | {found.entered_by}),
            pay_until=citation.now + dependencies.close_after
            if judgement.outcome is Outcome.CANCELLED
            else end_of_day(citation.now, terms.after_decision_days),
        )
        await take(dependencies, session, citation, transition, step)
        await objections.decide(
            session,
            objection_id,
            outcome=judgement.outcome,
            reason=judgement.reason,
            reduced_to_rial=judgement.reduced_to_rial,
            by=principal.subject,
            at=citation.now,
        )
        return next(
            each
            for each in await objections.of(session, citation_id)
            if each.objection_id == objection_id
        )


def _step(
    judgement: Judgement, *, by: str, at: datetime, barred: frozenset[str], pay_until: datetime
) -> tuple[Transition[Any], Step]:
    if judgement.outcome is Outcome.REDUCED:
        return law.REDUCE, law.Reducing(
            by=by,
            at=at,
            barred=barred,
            reason=judgement.reason,
            pay_until=pay_until,
            owed_rial=judgement.reduced_to_rial or 0,
        )
    step = law.Judging(by=by, at=at, barred=barred, reason=judgement.reason, pay_until=pay_until)
    return (law.UPHOLD if judgement.outcome is Outcome.UPHELD else law.CANCEL), step


async def list_open(
    dependencies: Dependencies,
    principal: Principal,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> Sequence[StoredObjection]:
    """Objections within the principal's bounds that are not decided, the longest waiting first."""
    async with dependencies.database.transaction() as session:
        found = await objections.open_page(session, principal.bounds, limit=limit, after=after)
        await record_objections(dependencies, session, principal, found)
    return found


async def find_attachment(
    dependencies: Dependencies,
    principal: Principal,
    citation_id: UUID,
    objection_id: UUID,
    number: int,
) -> ObjectReference:
    """A file that the owner objected with. Raises NotFound."""
    action = actions.READ_ATTACHMENT
    citation = await find_allowed(dependencies, principal, citation_id, action)
    async with dependencies.database.transaction() as session:
        found = await objections.of(session, citation_id)
        await record(session, principal, action, [citation], query=query_of(dependencies, citation))
    for objection in found:
        if objection.objection_id == objection_id and number < len(objection.attachments):
            return objection.attachments[number].object
    raise NotFound("no such attachment")


async def list_of(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> Sequence[StoredObjection]:
    """The objections to one citation, the first instance first."""
    action = actions.READ_OBJECTIONS
    citation = await find_allowed(dependencies, principal, citation_id, action)
    async with dependencies.database.transaction() as session:
        found = await objections.of(session, citation_id)
        await record(session, principal, action, [citation], query=query_of(dependencies, citation))
    return found
