"""Reading citations: lists, the officers' queue, one citation. Each reading is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from payesh.kit.principal import Principal
from payesh.tickets.adapters import (
    citations,
    corrections,
    holds,
    notification_jobs,
    sightings,
    suspensions,
    warning_periods,
)
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.desk import ISSUED
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.audited import find_allowed, query_of, record
from payesh.tickets.handlers.blinding import blind, blinded, looker


async def list_citations(
    dependencies: Dependencies,
    principal: Principal,
    *,
    state: str | None,
    limit: int,
    after: tuple[datetime, UUID] | None,
) -> Sequence[StoredCitation]:
    """Citations within the principal's bounds, in order of drafting, from behind `after`; none
    shows a decision that the principal may not see yet."""
    async with dependencies.database.transaction() as session:
        found = await citations.page(
            session,
            principal.bounds,
            state=state,
            limit=limit,
            after=after,
            looker=looker(principal),
        )
        asked = dependencies.digests.of({"state": state})
        await record(session, principal, actions.LIST, found, query=asked)
        return await blinded(session, found, principal)


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


@dataclass(frozen=True, slots=True)
class Pulse:
    """What changed in the queue: how many may be claimed, which stand in the officer's list, and
    the state of the one that is open, None where it is none of the officer's; and whether the law
    prices that one; and how many corrected plates wait for this officer."""

    claimable: int
    corrections: int
    queued: Sequence[UUID]
    open_state: str | None
    open_is_mine: bool
    open_is_priced: bool


async def pulse(
    dependencies: Dependencies, principal: Principal, *, limit: int, open_id: UUID | None
) -> Pulse:
    """Numbers, ids and a state, no personal data: pages may ask for it often without filling the
    log."""
    async with dependencies.database.transaction() as session:
        opened = None if open_id is None else await citations.find(session, open_id)
        if opened is not None and not principal.bounds.allows(opened.county, opened.road_class):
            opened = None
        if opened is not None:
            opened = await blind(session, opened, principal)
        if opened is not None and opened.is_second_look:
            opened = None
        return Pulse(
            await citations.count_claimable(session, principal.bounds),
            await corrections.count(session, principal.bounds, principal.subject),
            await citations.queued_ids(
                session, principal.bounds, officer=principal.subject, limit=limit
            ),
            None if opened is None else opened.state,
            opened is not None and opened.holder == principal.subject,
            opened is not None and opened.is_priced,
        )


async def read_citation(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> StoredCitation:
    """One citation. Raises NotFound, and Forbidden for one outside the principal's bounds."""
    citation = await find_allowed(dependencies, principal, citation_id, actions.READ)
    async with dependencies.database.transaction() as session:
        await record(
            session, principal, actions.READ, [citation], query=query_of(dependencies, citation)
        )
        suspended = await suspensions.is_suspended(session, citation.camera_id)
        only_warns = await warning_periods.covers(session, citation)
        shown = await blind(session, citation, principal)
        again = tuple(await sightings.linked_to(session, citation_id))
        # What holds a plate names it: its second reader is not shown that.
        unread = shown.is_plate_hidden or shown.is_second_look
        held = () if unread else tuple(await holds.lasting(session, citation_id))
        waits = None
        if shown.standing.state == ISSUED.name:
            tried = await notification_jobs.last_fault(session, citation_id)
            waits = tried if dependencies.reaches_owners else notification_jobs.ABSENT
    return replace(
        shown,
        camera_suspended=suspended,
        only_warns=only_warns,
        seen_again=again,
        holds=held,
        not_notified=waits,
    )
