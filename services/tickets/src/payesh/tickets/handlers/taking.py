"""Taking a transition: the row held, the machine asked, the outcome stored, signed and recorded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.errors import Conflict, NotFound
from payesh.kit.principal import Principal
from payesh.tickets.adapters import citation_steps, citations
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.standing import Refusal, Step, Transition
from payesh.tickets.handlers import signing
from payesh.tickets.handlers.actions import Action
from payesh.tickets.handlers.audited import find_allowed, query_of, record

S = TypeVar("S", bound=Step)


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
    dependencies: Dependencies,
    session: AsyncSession,
    citation: StoredCitation,
    transition: Transition[S],
    step: S,
) -> StoredCitation:
    """Take any registered transition and store where the citation stands then. One that leads to
    another state is added to its history, and signed unless it may still be undone. Raises Conflict
    where it may not be taken, DependencyFault while no key can sign."""
    after = citation.standing.after(transition, step)
    if isinstance(after, Refusal):
        raise Conflict(after.text, type=after.name)
    await citations.save(session, citation.citation_id, after, expected=citation.standing)
    if after.state != citation.standing.state:
        await citation_steps.add(session, citation.citation_id, transition.name, after, step)
        if transition.is_signed:
            await signing.sign_decision(dependencies.signer, session, citation, after, step)
    return replace(citation, standing=after)
