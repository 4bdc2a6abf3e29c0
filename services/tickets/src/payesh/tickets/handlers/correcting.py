"""A plate is corrected by one officer and read again by another, who is not shown that reading.

Errors as those of `deciding`; Conflict `second-officer` for who corrected it, NotFound for a
picture that the evidence does not have.
"""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit import outbox
from payesh.kit.errors import Conflict, Forbidden, NotFound
from payesh.kit.principal import Principal
from payesh.tickets.adapters import citations, corrections, exemptions, holds, sightings
from payesh.tickets.adapters.plate_lock import hold_plate
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import correction, desk
from payesh.tickets.domain.standing import Refusal, Step
from payesh.tickets.evidence.record import EvidenceRecord
from payesh.tickets.handlers import actions, events, holding, linking
from payesh.tickets.handlers.audited import query_of, record
from payesh.tickets.handlers.blinding import blind
from payesh.tickets.handlers.taking import locked, take

_PLATE_CORRECTED = "the plate was corrected"
_FIRST_OPEN = Refusal(
    "first-undecided", "the offence's other citation can still be undone: wait some seconds"
)


async def correct(
    dependencies: Dependencies,
    principal: Principal,
    citation_id: UUID,
    *,
    plate: str,
    reason: str,
    shot: int | None,
) -> StoredCitation:
    """Correct the plate of a claimed draft to `plate`, canonical text, as it is read from a shot of
    the evidence, from its clip where `shot` is None. It waits for a second officer then."""
    action = actions.CORRECT_PLATE
    async with locked(dependencies, principal, citation_id, action) as (session, citation):
        step = correction.Correcting(
            by=principal.subject,
            at=citation.now,
            plate=plate,
            reason=reason,
            picture_sha256=_picture(citation.evidence, shot),
        )
        return await take(dependencies, session, citation, correction.CORRECT_PLATE, step)


async def take_next(dependencies: Dependencies, principal: Principal) -> StoredCitation | None:
    """Hold the corrected plate that waits longest and that another corrected, without either
    reading; None when there is none. Raises Forbidden for a machine."""
    if not principal.is_person:
        raise Forbidden("a person has to do this, signed in by name", type="person-required")
    async with dependencies.database.transaction() as session:
        citation = await corrections.lock_next(session, principal.bounds, principal.subject)
        if citation is None:
            return None
        step = desk.Claiming(by=principal.subject, at=citation.now, lease=dependencies.claim_lease)
        held = await take(dependencies, session, citation, correction.TAKE_CORRECTION, step)
        asked = query_of(dependencies, citation)
        await record(session, principal, actions.TAKE_CORRECTION, [citation], query=asked)
        return await blind(session, held, principal)


async def hold(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> StoredCitation:
    """Hold one corrected plate for a while; the officer's own hold begins anew."""
    action = actions.TAKE_CORRECTION
    async with locked(dependencies, principal, citation_id, action) as (session, citation):
        step = desk.Claiming(by=principal.subject, at=citation.now, lease=dependencies.claim_lease)
        held = await take(dependencies, session, citation, correction.TAKE_CORRECTION, step)
        return await blind(session, held, principal)


async def release(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> StoredCitation:
    """Give a corrected plate back unread."""
    action = actions.RELEASE_CORRECTION
    async with locked(dependencies, principal, citation_id, action) as (session, citation):
        step = Step(by=principal.subject, at=citation.now)
        given = await take(dependencies, session, citation, correction.RELEASE_CORRECTION, step)
        return await blind(session, given, principal)


async def read_again(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, plate: str
) -> StoredCitation:
    """The second officer's reading, canonical text. The same as the first one's: the draft goes on
    with that plate, held where it is exempt, and ends where the offence has a citation already.
    Another one: to a supervisor."""
    action = actions.CONFIRM_PLATE
    async with locked(dependencies, principal, citation_id, action) as (session, citation):
        first = citation.standing.correction
        step = correction.SecondReading(by=principal.subject, at=citation.now, plate=plate)
        if first is None or first.plate != plate:
            return await take(dependencies, session, citation, correction.DISPUTE_PLATE, step)
        return await _confirm(dependencies, session, citation, step)


async def dispute(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, note: str
) -> StoredCitation:
    """The second officer reads no plate there, and says why: to a supervisor."""
    action = actions.DISPUTE_PLATE
    async with locked(dependencies, principal, citation_id, action) as (session, citation):
        step = correction.SecondReading(
            by=principal.subject, at=citation.now, plate=None, note=note
        )
        return await take(dependencies, session, citation, correction.DISPUTE_PLATE, step)


async def _confirm(
    dependencies: Dependencies,
    session: AsyncSession,
    citation: StoredCitation,
    step: correction.SecondReading,
) -> StoredCitation:
    # As when it was drafted: under the plate's lock, so that none is drafted or exempted beside it.
    await hold_plate(session, step.plate or "")
    first = await sightings.first_beside(session, citation, step.plate, dependencies.nearness)
    if first is None:
        confirmed = await take(dependencies, session, citation, correction.CONFIRM_PLATE, step)
        await exemptions.hold_anew(session, confirmed, by=step.by, note=_PLATE_CORRECTED)
        found = await citations.find(session, citation.citation_id) or confirmed
        checks, note = dependencies.checks, _PLATE_CORRECTED
        await holding.examine_anew(session, found, checks, by=step.by, note=note)
        held = tuple(await holds.lasting(session, citation.citation_id))
        return replace(found, holds=held)
    if first.standing.state == desk.DECIDED.name:
        # Linked now, this one would go down with a first one that is rejected a moment later.
        raise Conflict(_FIRST_OPEN.text, type=_FIRST_OPEN.name)
    linked = replace(citation, same_as=first.citation_id)
    ended = await take(dependencies, session, linked, correction.CONFIRM_SEEN_AGAIN, step)
    await sightings.link(session, citation.citation_id, first.citation_id)
    await linking.keep_as_long(session, citation.citation_id, citation.evidence, first.citation_id)
    await outbox.add(session, events.citation_rejected(ended))
    return ended


def _picture(evidence: EvidenceRecord | None, shot: int | None) -> str:
    if evidence is None or (shot is not None and shot >= len(evidence.shots)):
        raise NotFound("no such shot")
    return (evidence.clip if shot is None else evidence.shots[shot]).sha256
