"""Objections: what an owner objects with, and how each instance decided it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.bounds import within
from payesh.kit.principal import Bounds
from payesh.tickets.adapters import attachments
from payesh.tickets.adapters.attachments import StoredAttachment
from payesh.tickets.adapters.dues_tables import objections
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.domain.objection import Grounds, Outcome


@dataclass(frozen=True, slots=True)
class StoredObjection:
    """One row with its attachments; `outcome` and what follows it are None until it is decided,
    `instance` counts from 1."""

    objection_id: UUID
    citation_id: UUID
    instance: int
    grounds: Grounds
    statement: str
    received_at: datetime
    entered_by: str
    entered_at: datetime
    outcome: Outcome | None
    reason: str | None
    reduced_to_rial: int | None
    decided_by: str | None
    decided_at: datetime | None
    attachments: tuple[StoredAttachment, ...] = ()


async def add(
    session: AsyncSession,
    citation: StoredCitation,
    objection_id: UUID,
    *,
    instance: int,
    grounds: Grounds,
    statement: str,
    received_at: datetime,
    by: str,
) -> None:
    """Store an objection to a citation whose row the transaction holds."""
    await session.execute(
        insert(objections).values(
            objection_id=objection_id,
            citation_id=citation.citation_id,
            instance=instance,
            county=citation.county,
            road_class=citation.road_class,
            grounds=grounds,
            statement=statement,
            received_at=received_at,
            entered_by=by,
        )
    )


async def decide(
    session: AsyncSession,
    objection_id: UUID,
    *,
    outcome: Outcome,
    reason: str,
    reduced_to_rial: int | None,
    by: str,
    at: datetime,
) -> None:
    await session.execute(
        update(objections)
        .where(objections.c.objection_id == objection_id)
        .values(
            outcome=outcome,
            reason=reason,
            reduced_to_rial=reduced_to_rial,
            decided_by=by,
            decided_at=at,
        )
    )


async def of(session: AsyncSession, citation_id: UUID) -> Sequence[StoredObjection]:
    """Those to one citation, the first instance first."""
    query = (
        select(objections)
        .where(objections.c.citation_id == citation_id)
        .order_by(objections.c.instance)
    )
    return await _with_attachments(session, query)


async def open_page(
    session: AsyncSession,
    bounds: Bounds,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> Sequence[StoredObjection]:
    """Objections that are not decided, the longest waiting first."""
    key = (objections.c.received_at, objections.c.objection_id)
    query = select(objections).where(objections.c.decided_at.is_(None), within(objections, bounds))
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    return await _with_attachments(session, query.order_by(*key).limit(limit))


async def _with_attachments(
    session: AsyncSession, query: Select[tuple[Any, ...]]
) -> Sequence[StoredObjection]:
    found = [_stored(row) for row in await session.execute(query)]
    files = await attachments.of(session, [each.objection_id for each in found])
    return [replace(each, attachments=files.get(each.objection_id, ())) for each in found]


def _stored(row: Row[Any]) -> StoredObjection:
    return StoredObjection(
        objection_id=row.objection_id,
        citation_id=row.citation_id,
        instance=row.instance,
        grounds=Grounds(row.grounds),
        statement=row.statement,
        received_at=row.received_at,
        entered_by=row.entered_by,
        entered_at=row.entered_at,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        reason=row.reason,
        reduced_to_rial=row.reduced_to_rial,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
