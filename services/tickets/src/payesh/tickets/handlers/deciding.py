"""What officers do to a citation: claim, release, issue, reject, undo.

Each takes one transition in one transaction and is recorded. Each raises NotFound for an unknown
citation, Forbidden for one outside the principal's bounds and for a machine, and Conflict, whose
type is the refusal's name, where the citation's standing does not allow the transition.
"""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.plate_text import fold
from payesh.kit.errors import Forbidden
from payesh.kit.principal import Principal
from payesh.tickets.adapters import citations, exemptions, holds, suspensions
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import desk, finality
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.domain.standing import Step
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.audited import query_of, record
from payesh.tickets.handlers.finalising import make_final
from payesh.tickets.handlers.taking import locked, take


async def claim(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> StoredCitation:
    """Hold a draft for a while; the officer's own claim begins anew."""
    async with locked(dependencies, principal, citation_id, actions.CLAIM) as (session, citation):
        step = desk.Claiming(by=principal.subject, at=citation.now, lease=dependencies.claim_lease)
        return await take(dependencies, session, citation, desk.CLAIM, step)


async def take_next(
    dependencies: Dependencies, principal: Principal, beside: Collection[UUID]
) -> StoredCitation | None:
    """Claim the draft that comes next for this officer, none of `beside`; None when there is none.

    The service assigns, so that officers do not meet at one case. Raises Forbidden for a machine.
    """
    if not principal.is_person:
        raise Forbidden("a person has to do this, signed in by name", type="person-required")
    async with dependencies.database.transaction() as session:
        citation = await citations.lock_next(
            session, principal.bounds, officer=principal.subject, beside=beside
        )
        if citation is None:
            return None
        step = desk.Claiming(by=principal.subject, at=citation.now, lease=dependencies.claim_lease)
        claimed = await take(dependencies, session, citation, desk.CLAIM, step)
        asked = query_of(dependencies, citation)
        await record(session, principal, actions.CLAIM, [citation], query=asked)
    return claimed


async def release(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> StoredCitation:
    """Give a claimed draft back undecided."""
    async with locked(dependencies, principal, citation_id, actions.RELEASE) as (session, citation):
        step = Step(by=principal.subject, at=citation.now)
        return await take(dependencies, session, citation, desk.RELEASE, step)


async def issue(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, plate: str
) -> StoredCitation:
    """Decide to issue to the drafted plate, which the officer confirms by giving it in any
    spelling. It is numbered and published when it is final."""
    async with locked(dependencies, principal, citation_id, actions.ISSUE) as (session, citation):
        step = desk.Issuing(
            by=principal.subject,
            at=citation.now,
            plate=fold(plate),
            priced=citation.is_priced,
            final_at=citation.now + dependencies.undo,
            camera_suspended=await suspensions.is_suspended(session, citation.camera_id),
            exempt=citation.exempt_under is not None,
            held=tuple(each.kind for each in await holds.lasting(session, citation_id)),
        )
        decided = await take(dependencies, session, citation, desk.ISSUE, step)
        return await _final_at_once(dependencies, session, decided)


async def reject(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, reason: Rejection
) -> StoredCitation:
    """Decide to end a claimed draft without a fine."""
    async with locked(dependencies, principal, citation_id, actions.REJECT) as (session, citation):
        step = desk.Rejecting(
            by=principal.subject,
            at=citation.now,
            reason=reason,
            final_at=citation.now + dependencies.undo,
            exempt=citation.exempt_under is not None,
        )
        decided = await take(dependencies, session, citation, desk.REJECT, step)
        return await _final_at_once(dependencies, session, decided)


async def undo(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> StoredCitation:
    """Take the officer's own decision back before it is final, and hold the draft again. An
    exemption that was approved meanwhile holds it as it holds other drafts."""
    async with locked(dependencies, principal, citation_id, actions.UNDO) as (session, citation):
        step = finality.Undoing(
            by=principal.subject, at=citation.now, lease=dependencies.claim_lease
        )
        undone = await take(dependencies, session, citation, finality.UNDO, step)
        exempt_under = await exemptions.hold_draft(session, undone)
        return replace(undone, exempt_under=exempt_under)


async def _final_at_once(
    dependencies: Dependencies, session: AsyncSession, decided: StoredCitation
) -> StoredCitation:
    """Where the installation gives no time to undo, the decision is final with its commit."""
    if dependencies.undo:
        return decided
    return await make_final(dependencies, session, decided)
