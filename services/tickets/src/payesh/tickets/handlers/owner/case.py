"""What an owner sees of the own case: facts, history, masked copies, the notice. Each look is
recorded before the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.values import ObjectReference
from payesh.kit.errors import NotFound
from payesh.tickets.adapters import (
    citation_steps,
    citations,
    notices,
    notifications,
    objections,
    owner_copies,
)
from payesh.tickets.adapters.citation_steps import TakenStep
from payesh.tickets.adapters.objections import StoredObjection
from payesh.tickets.adapters.owner_copies import Copies
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import dues, objection
from payesh.tickets.domain.law import Terms
from payesh.tickets.domain.supervision import VOID
from payesh.tickets.evidence import openings
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.noticing import notice_of
from payesh.tickets.handlers.owner.recording import OWNER, owner_of, record_look
from payesh.tickets.handlers.owner.states import OPEN_TO_OWNER


@dataclass(frozen=True, slots=True)
class OwnCase:
    """`copies` is None while they are made; `copies_failed` says that they will not be."""

    citation: StoredCitation
    steps: Sequence[TakenStep]
    objections: Sequence[StoredObjection]
    terms: Terms
    copies: Copies | None
    copies_failed: bool
    may_object: bool
    may_pay: bool
    has_notice: bool


async def read_case(dependencies: Dependencies, citation_id: UUID) -> OwnCase:
    """Raises NotFound for a case that is not the owner's to see any more."""
    async with dependencies.database.transaction() as session:
        citation = await _own(session, citation_id)
        await record_look(dependencies, session, citation, actions.OWNER_READ)
        notification = await notifications.last(session, citation_id)
        if notification is None:
            raise NotFound("no such case")
        objected = await objections.of(session, citation_id)
        return OwnCase(
            citation=citation,
            steps=await citation_steps.of(session, citation_id),
            objections=objected,
            terms=notification.terms,
            copies=await owner_copies.find(session, citation_id),
            copies_failed=await owner_copies.is_given_up(session, citation_id),
            may_object=_may_object(citation, len(objected)),
            may_pay=dependencies.gateway is not None and citation.standing.state in dues.OWING,
            has_notice=citation.standing.state != VOID.name
            and await notices.find(session, citation_id) is not None,
        )


async def read_picture(
    dependencies: Dependencies, citation_id: UUID, number: int
) -> ObjectReference:
    """A masked picture. Raises NotFound."""
    async with dependencies.database.transaction() as session:
        copies = await _copies(session, citation_id)
        await _record(dependencies, session, citation_id, actions.OWNER_PICTURE)
    if number >= len(copies.pictures):
        raise NotFound("no such picture")
    return copies.pictures[number].object


async def read_clip(dependencies: Dependencies, citation_id: UUID) -> ObjectReference:
    """The masked clip, recorded once an opening. Raises NotFound."""
    async with dependencies.database.transaction() as session:
        copies = await _copies(session, citation_id)
        is_new = await openings.begin(
            session, citation_id, owner_of(citation_id), lasts=dependencies.clip_opening
        )
        if is_new:
            await _record(dependencies, session, citation_id, actions.OWNER_CLIP)
    if copies.clip is None:
        raise NotFound("no clip")
    return copies.clip


async def read_notice(dependencies: Dependencies, citation_id: UUID) -> ObjectReference:
    """The notice. Raises NotFound, Conflict."""
    async with dependencies.database.transaction() as session:
        citation = await _own(session, citation_id)
        await record_look(dependencies, session, citation, actions.OWNER_NOTICE)
    return await notice_of(dependencies, citation)


async def _own(session: AsyncSession, citation_id: UUID) -> StoredCitation:
    citation = await citations.find(session, citation_id)
    if citation is None or citation.standing.state not in OPEN_TO_OWNER:
        raise NotFound("no such case")
    return citation


async def _copies(session: AsyncSession, citation_id: UUID) -> Copies:
    await _own(session, citation_id)
    copies = await owner_copies.find(session, citation_id)
    if copies is None:
        raise NotFound("not made yet")
    return copies


async def _record(
    dependencies: Dependencies, session: AsyncSession, citation_id: UUID, action: actions.Action
) -> None:
    await record_look(dependencies, session, await _own(session, citation_id), action)


def _may_object(citation: StoredCitation, heard: int) -> bool:
    standing, now = citation.standing, citation.now
    if standing.state in objection.INSIST.leaves:
        insisting = objection.Insisting(by=OWNER, at=now, received_at=now, heard=heard)
        return standing.refusal(objection.INSIST, insisting) is None
    objecting = objection.Objecting(by=OWNER, at=now, received_at=now)
    return standing.refusal(objection.OBJECT, objecting) is None
