"""What goes to a supervisor and what a supervisor does; errors as those of `deciding`."""

from uuid import UUID

from payesh.kit.errors import Conflict
from payesh.kit.principal import Principal
from payesh.tickets.adapters import payments, second_looks
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import supervision
from payesh.tickets.handlers import actions, events
from payesh.tickets.handlers.publishing import publish
from payesh.tickets.handlers.taking import locked, take


async def return_draft(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, *, to: str, note: str
) -> StoredCitation:
    """Return a claimed draft to a supervisor, with the reason; `to` is a person's subject or
    `ANY_SUPERVISOR`."""
    async with locked(dependencies, principal, citation_id, actions.RETURN) as (session, citation):
        step = supervision.Returning(by=principal.subject, at=citation.now, to=to, note=note)
        return await take(dependencies, session, citation, supervision.RETURN, step)


async def give_back(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, note: str
) -> StoredCitation:
    """Give a returned draft back to the desk with an answer; it comes to its officer first."""
    async with locked(dependencies, principal, citation_id, actions.GIVE_BACK) as (
        session,
        citation,
    ):
        step = supervision.Noted(by=principal.subject, at=citation.now, note=note)
        return await take(dependencies, session, citation, supervision.GIVE_BACK, step)


async def make_void(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, note: str
) -> StoredCitation:
    """Void an issued citation, with the reason, wherever it stands since. Its number stays its own;
    what was paid for it is to be given back. Raises Conflict `second-look-open` while it is to be
    decided again: its owner is not notified before."""
    async with locked(dependencies, principal, citation_id, actions.MAKE_VOID) as (
        session,
        citation,
    ):
        if await second_looks.is_open(session, citation_id):
            # Asked before its state, which would show what was decided.
            raise Conflict("it is to be decided again by another officer", type="second-look-open")
        step = supervision.Noted(by=principal.subject, at=citation.now, note=note)
        voided = await take(dependencies, session, citation, supervision.MAKE_VOID, step)
        await payments.mark_refund_due(session, citation_id)
        event = events.citation_closed(voided, voided.standing.state, citation.now)
        await publish(session, event)
        return voided
