"""Drafts that the law had no amount or code for: which law was asked about them last."""

from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.tickets import LawReference
from payesh.tickets.adapters.stored_citation import StoredCitation, citation_of
from payesh.tickets.adapters.tables import UNPRICED, citations
from payesh.tickets.evidence.record import EvidenceRecord


async def lock_one(session: AsyncSession, law: str) -> StoredCitation | None:
    """A draft without amount or code about which this law was not asked yet, locked until the
    transaction ends; rows that another transaction holds are passed over."""
    row = await session.execute(
        select(citations, func.clock_timestamp().label("now"))
        .where(text(UNPRICED), citations.c.law_asked.is_distinct_from(law))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = row.one_or_none()
    return None if found is None else citation_of(found)


async def note_asked(session: AsyncSession, citation_id: UUID, law: str) -> None:
    """This law was asked about a draft, whatever it said."""
    await session.execute(
        update(citations).where(citations.c.citation_id == citation_id).values(law_asked=law)
    )


async def set_price(
    session: AsyncSession, citation_id: UUID, law: LawReference, evidence: EvidenceRecord
) -> None:
    """Price a draft whose row the transaction holds."""
    await session.execute(
        update(citations)
        .where(citations.c.citation_id == citation_id)
        .values(law=law.model_dump(mode="json"), evidence=evidence.model_dump(mode="json"))
    )
