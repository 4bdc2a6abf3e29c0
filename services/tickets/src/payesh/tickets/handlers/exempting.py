"""Exempt vehicles: proposed by one person, approved by another; drafts that are held for them.

Each change is one transaction and is recorded. Each raises NotFound for an unknown exemption,
Conflict where its standing does not allow the change, and Forbidden for a machine and beyond the
principal's bounds.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.audit import record_read
from payesh.kit.errors import Conflict, Forbidden, NotFound, OutOfBounds, Unprocessable
from payesh.kit.principal import Bounds, Principal
from payesh.tickets.adapters import exemptions
from payesh.tickets.adapters.exemptions import ExemptionUse, StoredExemption
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.desk import DRAFTED, NOT_EXEMPT
from payesh.tickets.domain.exemption import Exempted, ExemptionStanding, ExemptionState
from payesh.tickets.domain.standing import NOT_IN_THIS_STATE, Refusal
from payesh.tickets.domain.supervision import RETURNED
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.actions import Action
from payesh.tickets.handlers.audited import record
from payesh.tickets.handlers.law_reading import today
from payesh.tickets.handlers.taking import locked
from payesh.tickets.settings import Settings


async def list_exemptions(
    dependencies: Dependencies,
    principal: Principal,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> Sequence[StoredExemption]:
    """Exemptions of the principal's counties and of the whole province, the newest first."""
    async with dependencies.database.transaction() as session:
        found = await exemptions.page(session, principal.bounds, limit=limit, after=after)
        ids = [each.exemption_id for each in found]
        await _record(dependencies, session, principal, actions.LIST_EXEMPTIONS, ids)
    return found


async def read_exemption(
    dependencies: Dependencies, principal: Principal, exemption_id: UUID
) -> tuple[StoredExemption, Sequence[ExemptionUse]]:
    """One exemption, with the drafts of the principal's bounds that were held for it."""
    async with dependencies.database.transaction() as session:
        found = await _found(session, principal, exemption_id)
        plate = found.about.plate
        action = actions.READ_EXEMPTION
        await _record(dependencies, session, principal, action, [exemption_id], plate)
        return found, await exemptions.uses(session, principal.bounds, exemption_id)


async def held_drafts(
    dependencies: Dependencies, principal: Principal, *, limit: int
) -> Sequence[StoredCitation]:
    """Drafts of the principal's bounds that are held now, the newest first."""
    async with dependencies.database.transaction() as session:
        found = await exemptions.held_drafts(session, principal.bounds, limit=limit)
        asked = dependencies.digests.of({})
        await record(session, principal, actions.LIST_EXEMPTIONS, found, query=asked)
    return found


async def propose(
    dependencies: Dependencies, principal: Principal, about: Exempted
) -> StoredExemption:
    """Put an exemption before a second person. Raises Unprocessable for days that are none of an
    exemption."""
    _require_person(principal)
    _require_writable(principal.bounds, about.county)
    fault = about.fault()
    if fault is not None:
        raise Unprocessable(fault.text, type=fault.name)
    exemption_id = uuid4()
    standing = ExemptionStanding(ExemptionState.PROPOSED, principal.subject)
    async with dependencies.database.transaction() as session:
        await exemptions.add(session, exemption_id, about, standing)
        action = actions.PROPOSE_EXEMPTION
        await _record(dependencies, session, principal, action, [exemption_id], about.plate)
        return await _found(session, principal, exemption_id)


async def approve(
    dependencies: Dependencies, principal: Principal, exemption_id: UUID
) -> StoredExemption:
    """Put an exemption in force, by another person than its proposer. What was drafted before and
    is not decided yet is held from now on."""

    def approved(found: StoredExemption, _: datetime) -> ExemptionStanding | Refusal:
        last = found.about.last
        return found.standing.approved(principal.subject, last=last, today=today())

    return await _move(dependencies, principal, exemption_id, actions.APPROVE_EXEMPTION, approved)


async def refuse(
    dependencies: Dependencies, principal: Principal, exemption_id: UUID, note: str
) -> StoredExemption:
    """Refuse a proposed exemption, or take one's own back, with the reason."""

    def refused(found: StoredExemption, _: datetime) -> ExemptionStanding | Refusal:
        return found.standing.refused(principal.subject, note)

    return await _move(dependencies, principal, exemption_id, actions.REFUSE_EXEMPTION, refused)


async def end(
    dependencies: Dependencies, principal: Principal, exemption_id: UUID, note: str
) -> StoredExemption:
    """End an exemption before its last day, with the reason; what it holds already stays held."""

    def ended(found: StoredExemption, now: datetime) -> ExemptionStanding | Refusal:
        return found.standing.ended(principal.subject, note, now)

    return await _move(dependencies, principal, exemption_id, actions.END_EXEMPTION, ended)


async def set_aside(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, note: str
) -> StoredCitation:
    """Let a held draft be issued although its vehicle is exempt, with the reason: for example it
    was not on duty. Raises Conflict where nothing holds it, and what `locked` raises."""
    action = actions.SET_EXEMPTION_ASIDE
    async with locked(dependencies, principal, citation_id, action) as (session, citation):
        if citation.standing.state not in (DRAFTED.name, RETURNED.name):
            raise Conflict(NOT_IN_THIS_STATE.text, type=NOT_IN_THIS_STATE.name)
        if citation.exempt_under is None:
            raise Conflict(NOT_EXEMPT.text, type=NOT_EXEMPT.name)
        await exemptions.set_aside(session, citation_id, by=principal.subject, note=note)
        return replace(citation, exempt_under=None)


async def _move(
    dependencies: Dependencies,
    principal: Principal,
    exemption_id: UUID,
    action: Action,
    moved: Callable[[StoredExemption, datetime], ExemptionStanding | Refusal],
) -> StoredExemption:
    """Store where `moved` puts a locked exemption, given the database's time."""
    _require_person(principal)
    async with dependencies.database.transaction() as session:
        found = await _found(session, principal, exemption_id, lock=True)
        _require_writable(principal.bounds, found.about.county)
        now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
        standing = moved(found, now)
        if isinstance(standing, Refusal):
            raise Conflict(standing.text, type=standing.name)
        await exemptions.save(session, exemption_id, standing)
        if standing.state is ExemptionState.APPROVED:
            await exemptions.hold_earlier_drafts(session, exemption_id, found.about)
        plate = found.about.plate
        await _record(dependencies, session, principal, action, [exemption_id], plate)
        return await _found(session, principal, exemption_id)


async def _found(
    session: AsyncSession, principal: Principal, exemption_id: UUID, *, lock: bool = False
) -> StoredExemption:
    found = await exemptions.find(session, exemption_id, lock=lock)
    if found is None:
        raise NotFound("no such exemption")
    counties, county = principal.bounds.counties, found.about.county
    if counties is not None and county is not None and county not in counties:
        raise OutOfBounds("this exemption")
    return found


def _require_writable(bounds: Bounds, county: str | None) -> None:
    # It reaches every road of its county, so whoever is bound to some roads cannot give it.
    of_county = bounds.counties is None or (county is not None and county in bounds.counties)
    if not of_county or bounds.road_classes is not None:
        raise OutOfBounds("this exemption")


def _require_person(principal: Principal) -> None:
    if not principal.is_person:
        raise Forbidden("a person has to do this, signed in by name", type="person-required")


async def _record(
    dependencies: Dependencies,
    session: AsyncSession,
    principal: Principal,
    action: Action,
    ids: Sequence[UUID],
    plate: str | None = None,
) -> None:
    asked = {} if plate is None else {"exemption_id": ids[0]}
    await record_read(
        session,
        principal,
        service=Settings.service,
        scope=action.scope,
        action=action.name,
        resource_kind="exemption",
        resource_ids=[str(each) for each in ids],
        query=dependencies.digests.of_shown(asked, plate),
    )
