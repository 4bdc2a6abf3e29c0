"""Files that owners objected with: where each lies in the evidence store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.values import ObjectReference
from payesh.tickets.adapters.owner_tables import objection_attachments


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    """`number` counts from 0 in its objection."""

    number: int
    object: ObjectReference


async def add(
    session: AsyncSession, objection_id: UUID, number: int, reference: ObjectReference
) -> None:
    await session.execute(
        insert(objection_attachments).values(
            objection_id=objection_id, number=number, object=reference.model_dump(mode="json")
        )
    )


async def of(
    session: AsyncSession, objection_ids: Sequence[UUID]
) -> Mapping[UUID, tuple[StoredAttachment, ...]]:
    """Those of each objection that has any, in order."""
    table = objection_attachments
    query = (
        select(table)
        .where(table.c.objection_id.in_(objection_ids))
        .order_by(table.c.objection_id, table.c.number)
    )
    found: dict[UUID, tuple[StoredAttachment, ...]] = {}
    for row in await session.execute(query):
        stored = StoredAttachment(row.number, ObjectReference.model_validate(row.object))
        found[row.objection_id] = (*found.get(row.objection_id, ()), stored)
    return found
