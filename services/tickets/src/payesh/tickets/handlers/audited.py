"""Access to citations: within the principal's bounds, and recorded."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.access import AuditOutcome
from payesh.kit.audit import record_read
from payesh.kit.errors import Forbidden, NotFound
from payesh.kit.principal import Principal
from payesh.tickets.adapters import citations
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.handlers.actions import Action
from payesh.tickets.settings import Settings


async def find_allowed(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, action: Action
) -> StoredCitation:
    """The citation, where `action` on it is within bounds; granting it is not recorded here.

    Raises NotFound for an unknown citation and, after recording the denial, Forbidden for one
    outside the principal's bounds.
    """
    async with dependencies.database.transaction() as session:
        citation = await citations.find(session, citation_id)
        if citation is None:
            raise NotFound("no such citation")
        allowed = principal.bounds.allows(citation.county, citation.road_class)
        if not allowed:
            await record(session, principal, action, [citation], AuditOutcome.DENIED)
    if not allowed:
        raise Forbidden("this citation lies outside your bounds", type="out-of-bounds")
    return citation


async def record(
    session: AsyncSession,
    principal: Principal,
    action: Action,
    found: Sequence[StoredCitation],
    outcome: AuditOutcome = AuditOutcome.GRANTED,
) -> None:
    """Add the audit record of `action` to the transaction."""
    await record_read(
        session,
        principal,
        service=Settings.service,
        scope=action.scope,
        action=action.name,
        resource_kind="citation",
        resource_ids=[str(each.citation_id) for each in found],
        outcome=outcome,
    )
