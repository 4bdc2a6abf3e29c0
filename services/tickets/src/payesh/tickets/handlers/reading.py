"""Reading citations: lists, the officers' queue, one citation. Each reading is recorded."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from payesh.kit.principal import Principal
from payesh.tickets.adapters import citations
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.audited import find_allowed, query_of, record


async def list_citations(
    dependencies: Dependencies,
    principal: Principal,
    *,
    state: str | None,
    limit: int,
    after: tuple[datetime, UUID] | None,
) -> Sequence[StoredCitation]:
    """Citations within the principal's bounds, in order of drafting, from behind `after`."""
    async with dependencies.database.transaction() as session:
        found = await citations.page(
            session, principal.bounds, state=state, limit=limit, after=after
        )
        asked = dependencies.digests.of({"state": state})
        await record(session, principal, actions.LIST, found, query=asked)
    return found


async def list_queue(
    dependencies: Dependencies, principal: Principal, *, limit: int
) -> Sequence[StoredCitation]:
    """What the principal may claim, or has claimed; oldest first."""
    async with dependencies.database.transaction() as session:
        found = await citations.queue(
            session, principal.bounds, officer=principal.subject, limit=limit
        )
        await record(session, principal, actions.LIST, found, query=dependencies.digests.of({}))
    return found


async def count_claimable(dependencies: Dependencies, principal: Principal) -> int:
    """A number, no personal data: pages may ask for it often without filling the log."""
    async with dependencies.database.transaction() as session:
        return await citations.count_claimable(session, principal.bounds)


async def read_citation(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> StoredCitation:
    """One citation. Raises NotFound, and Forbidden for one outside the principal's bounds."""
    citation = await find_allowed(dependencies, principal, citation_id, actions.READ)
    async with dependencies.database.transaction() as session:
        await record(
            session, principal, actions.READ, [citation], query=query_of(dependencies, citation)
        )
    return citation
