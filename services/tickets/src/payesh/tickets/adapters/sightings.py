"""Further sightings of an offence, each linked to the citation that was drafted for it first."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.stored_citation import StoredCitation, citation_of
from payesh.tickets.adapters.tables import citations
from payesh.tickets.domain.desk import REJECTED
from payesh.tickets.domain.sighting import Nearness, Sighting
from payesh.tickets.domain.supervision import VOID
from payesh.tickets.evidence.joined_case import JoinedCase
from payesh.tickets.evidence.record import EvidenceRecord


async def first_of(
    session: AsyncSession, case: JoinedCase, evidence: EvidenceRecord, nearness: Nearness
) -> StoredCitation | None:
    """The citation that stands for the offence of this case already; None: it is the first.

    One that was rejected or voided stands for nothing: a clearer sighting is put before an officer.
    The caller holds the plate, so that of two sightings at once one finds the other. What is found
    stays locked until the transaction ends: it becomes final before or after, not meanwhile.
    """
    violation, plate = case.violation, case.read.plate
    here = Sighting(
        violation.camera_id, violation.captured_at, evidence.latitude, evidence.longitude
    )
    text = None if plate is None else plate.text
    return await _first(session, case.citation_id, text, violation.rule, here, nearness)


async def first_beside(
    session: AsyncSession, citation: StoredCitation, plate_text: str | None, nearness: Nearness
) -> StoredCitation | None:
    """As `first_of`, of a stored citation, were its plate this one."""
    here = _sighting(citation)
    return await _first(session, citation.citation_id, plate_text, citation.rule, here, nearness)


async def link(session: AsyncSession, citation_id: UUID, same_as: UUID) -> None:
    """Store of which citation's offence a stored citation is a further sighting."""
    await session.execute(
        update(citations).where(citations.c.citation_id == citation_id).values(same_as=same_as)
    )


async def _first(
    session: AsyncSession,
    citation_id: UUID,
    plate_text: str | None,
    rule: str,
    here: Sighting,
    nearness: Nearness,
) -> StoredCitation | None:
    if plate_text is None or not nearness.window:
        return None
    table = citations
    rows = await session.execute(
        select(table, _now())
        .where(
            table.c.plate_text == plate_text,
            table.c.rule == rule,
            table.c.captured_at.between(
                here.captured_at - nearness.window, here.captured_at + nearness.window
            ),
            table.c.state.not_in([REJECTED.name, VOID.name]),
            table.c.citation_id != citation_id,
        )
        .order_by(table.c.created_at, table.c.citation_id)
        .limit(100)
        .with_for_update()
    )
    found = (citation_of(row) for row in rows)
    return next((each for each in found if nearness.covers(_sighting(each), here)), None)


async def linked_to(session: AsyncSession, citation_id: UUID) -> Sequence[UUID]:
    """Further sightings of a citation's offence, in order of capture."""
    found = await session.scalars(
        select(citations.c.citation_id)
        .where(citations.c.same_as == citation_id)
        .order_by(citations.c.captured_at, citations.c.citation_id)
    )
    return list(found)


def _sighting(citation: StoredCitation) -> Sighting:
    evidence = citation.evidence
    if evidence is None:
        raise ValueError("a draft has evidence")
    return Sighting(citation.camera_id, citation.captured_at, evidence.latitude, evidence.longitude)


def _now() -> ColumnElement[datetime]:
    return func.clock_timestamp().label("now")
