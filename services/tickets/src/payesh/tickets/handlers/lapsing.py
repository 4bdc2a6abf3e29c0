"""The law's own steps: an amount that was not paid in time is overdue, and what is settled closes.

Deadlines lie in the row, so that any replica carries them out.
"""

from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.errors import DependencyFault
from payesh.tickets.adapters import lapsing as due
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import dues
from payesh.tickets.domain.standing import Step
from payesh.tickets.handlers import events
from payesh.tickets.handlers.notifying import terms_of
from payesh.tickets.handlers.publishing import publish
from payesh.tickets.handlers.taking import take

log = structlog.get_logger(__name__)

_AT_ONCE = 200


async def lapse(dependencies: Dependencies) -> None:
    """Move at most 200 citations on whose time is over, each in a transaction of its own. One that
    fails keeps no other waiting. Raises DependencyFault, for example while no key can sign."""
    failed: set[UUID] = set()
    for _ in range(_AT_ONCE):
        async with dependencies.database.transaction() as session:
            citation = await due.lock_lapsed(session, failed)
            if citation is None:
                return
            try:
                async with session.begin_nested():
                    await _move_on(dependencies, session, citation)
            except DependencyFault:
                raise
            except Exception:  # it stands where it stood, and is tried again by the next run
                failed.add(citation.citation_id)
                log.exception("not moved on", citation=str(citation.citation_id))


async def _move_on(
    dependencies: Dependencies, session: AsyncSession, citation: StoredCitation
) -> None:
    if citation.standing.state in dues.RUNNING:
        terms = await terms_of(session, citation.citation_id)
        falling = dues.FallingDue(by=dues.THE_LAW, at=citation.now, doubles=terms.doubles)
        await take(dependencies, session, citation, dues.FALL_DUE, falling)
        return
    step = Step(by=dues.THE_LAW, at=citation.now)
    closed = await take(dependencies, session, citation, dues.CLOSE, step)
    event = events.citation_closed(closed, citation.standing.state, citation.now)
    await publish(session, event)
