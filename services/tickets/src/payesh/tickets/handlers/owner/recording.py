"""Who an owner is to the audit log: no person of ours, known by a code that was sent."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.access import AuditOutcome
from payesh.kit.audit import record_read
from payesh.kit.principal import Bounds, Principal
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.handlers.actions import OWNER_OPEN, Action
from payesh.tickets.handlers.audited import query_of, record
from payesh.tickets.settings import Settings

OWNER = "owner"
"""Who objects and pays on the owner's page: no person of ours, and no subject of a token."""
_PURPOSE = "دیدن پروندهٔ خود"


def owner_of(citation_id: UUID | None) -> Principal:
    """The owner of a citation, or whoever failed to be one."""
    return Principal(
        subject=f"{OWNER}:{citation_id or 'unverified'}",
        actor="owner-page",
        agency="owners",
        scopes=frozenset(),
        bounds=Bounds(None, None),
        purpose=_PURPOSE,
        grant_id=None,
    )


async def record_look(
    dependencies: Dependencies, session: AsyncSession, citation: StoredCitation, action: Action
) -> None:
    """Record what the owner sees or does, in the transaction."""
    query = query_of(dependencies, citation)
    await record(session, owner_of(citation.citation_id), action, [citation], query=query)


async def record_failure(
    dependencies: Dependencies, session: AsyncSession, number: str, citation_id: UUID | None
) -> None:
    """Record a wrong code: one record, whether or not there is such a citation."""
    await record_read(
        session,
        owner_of(None),
        service=Settings.service,
        scope=OWNER_OPEN.scope,
        action=OWNER_OPEN.name,
        resource_kind="citation",
        resource_ids=[] if citation_id is None else [str(citation_id)],
        outcome=AuditOutcome.DENIED,
        query=dependencies.digests.of({"number": number}),
    )
