"""Access to citations: within the principal's bounds, and recorded."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.access import AuditOutcome
from payesh.kit.audit import record_read
from payesh.kit.errors import Forbidden, NotFound, OutOfBounds
from payesh.kit.principal import Principal
from payesh.kit.query_digests import QueryDigest
from payesh.tickets.adapters import citations
from payesh.tickets.adapters.objections import StoredObjection
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.actions import Action
from payesh.tickets.settings import Settings


async def find_allowed(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, action: Action
) -> StoredCitation:
    """The citation, where `action` on it is within bounds; granting it is not recorded here.

    Raises NotFound for an unknown citation and, after recording the denial, Forbidden for one
    outside the principal's bounds, and for a machine that would change one.
    """
    async with dependencies.database.transaction() as session:
        citation = await citations.find(session, citation_id)
        if citation is None:
            raise NotFound("no such citation")
        refusal = _refusal(principal, citation, action)
        if refusal is not None:
            await record(
                session,
                principal,
                action,
                [citation],
                query=query_of(dependencies, citation),
                outcome=AuditOutcome.DENIED,
            )
    if refusal is not None:
        raise refusal
    return citation


def _refusal(principal: Principal, citation: StoredCitation, action: Action) -> Forbidden | None:
    if not principal.bounds.allows(citation.county, citation.road_class):
        return OutOfBounds("this citation", is_recorded=True)
    if action.writes and not (action.registers or principal.is_person):
        # A citation is what a person decided: no scope that a machine was given stands in for one.
        return Forbidden(
            "a person has to do this, signed in by name", type="person-required", is_recorded=True
        )
    return None


async def record(
    session: AsyncSession,
    principal: Principal,
    action: Action,
    found: Sequence[StoredCitation],
    *,
    query: QueryDigest,
    outcome: AuditOutcome = AuditOutcome.GRANTED,
) -> None:
    """Add the audit record of `action` to the transaction; `query` is what was asked for."""
    await record_read(
        session,
        principal,
        service=Settings.service,
        scope=action.scope,
        action=action.name,
        resource_kind="citation",
        resource_ids=[str(each.citation_id) for each in found],
        outcome=outcome,
        query=query,
    )


async def record_objections(
    dependencies: Dependencies,
    session: AsyncSession,
    principal: Principal,
    found: Sequence[StoredObjection],
) -> None:
    """As `record`, of a list of open objections."""
    action = actions.LIST_OBJECTIONS
    await record_read(
        session,
        principal,
        service=Settings.service,
        scope=action.scope,
        action=action.name,
        resource_kind="citation",
        resource_ids=[str(each.citation_id) for each in found],
        outcome=AuditOutcome.GRANTED,
        query=dependencies.digests.of({}),
    )


def query_of(dependencies: Dependencies, citation: StoredCitation) -> QueryDigest:
    """The digest of asking for one citation, whose plate it shows."""
    return dependencies.digests.of_shown(
        {"citation_id": citation.citation_id}, citation.standing.plate_text
    )
