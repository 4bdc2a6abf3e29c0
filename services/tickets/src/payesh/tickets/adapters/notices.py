"""Notices that were made: where each lies, and the law's row whose days it states."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.values import ObjectReference
from payesh.tickets.adapters.dues_tables import notices
from payesh.tickets.adapters.notifications import TableName, stored_terms, terms_in
from payesh.tickets.domain.law import Terms


@dataclass(frozen=True, slots=True)
class Notice:
    """One row; `terms` is the law's row whose days it states, `named` the table of that row."""

    document: ObjectReference
    named: TableName
    terms: Terms


async def find(session: AsyncSession, citation_id: UUID) -> Notice | None:
    row = (
        await session.execute(select(notices).where(notices.c.citation_id == citation_id))
    ).one_or_none()
    if row is None:
        return None
    return Notice(ObjectReference.model_validate(row.document), *terms_in(row.terms))


async def add(
    session: AsyncSession,
    citation_id: UUID,
    document: ObjectReference,
    named: TableName,
    terms: Terms,
) -> None:
    """Store a notice, unless another replica made it meanwhile."""
    await session.execute(
        insert(notices)
        .values(
            citation_id=citation_id,
            document=document.model_dump(mode="json"),
            terms=stored_terms(named, terms),
        )
        .on_conflict_do_nothing()
    )
