"""Agencies in PostgreSQL: they employ officers and run clients."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.tables import Agency

OPERATOR = "payesh"
"""The agency of first-party clients, and of a first administrator who names no other."""


@dataclass(frozen=True, slots=True)
class StoredAgency:
    agency_id: str
    name: str
    enabled: bool
    created_at: datetime


async def add(
    session: AsyncSession, agency_id: str, name: str, now: datetime
) -> StoredAgency | None:
    """The new agency, or None when that id is taken."""
    row = await session.scalar(
        insert(Agency)
        .values(agency_id=agency_id, name=name, enabled=True, created_at=now)
        .on_conflict_do_nothing()
        .returning(Agency)
    )
    return None if row is None else _stored(row)


async def find(
    session: AsyncSession, agency_id: str, *, to_change: bool = False
) -> StoredAgency | None:
    """An agency by its id; its row stays locked for the transaction when it is `to_change`."""
    row = await session.get(Agency, agency_id, with_for_update=to_change or None)
    return None if row is None else _stored(row)


async def switch(session: AsyncSession, agency_id: str, *, enabled: bool) -> StoredAgency:
    """Enable or disable an agency that is there."""
    row = await session.get_one(Agency, agency_id)
    row.enabled = enabled
    return _stored(row)


async def page(session: AsyncSession, after: str | None, limit: int) -> list[StoredAgency]:
    """Agencies in the order of their ids."""
    query = select(Agency).order_by(Agency.agency_id).limit(limit)
    if after is not None:
        query = query.where(Agency.agency_id > after)
    return [_stored(row) for row in await session.scalars(query)]


def _stored(row: Agency) -> StoredAgency:
    return StoredAgency(row.agency_id, row.name, row.enabled, row.created_at)
