"""Agencies: who employs officers and runs clients."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.tables import Agency

OPERATOR = "payesh"
"""The agency of first-party clients and of a first administrator who names no other."""


async def add(session: AsyncSession, agency_id: str, name: str, now: datetime) -> Agency | None:
    """The new agency, or None when that id is taken."""
    return await session.scalar(
        insert(Agency)
        .values(agency_id=agency_id, name=name, enabled=True, created_at=now)
        .on_conflict_do_nothing()
        .returning(Agency)
    )


async def find(session: AsyncSession, agency_id: str, *, to_change: bool = False) -> Agency | None:
    return await session.get(Agency, agency_id, with_for_update=to_change or None)


async def page(session: AsyncSession, after: str | None, limit: int) -> Sequence[Agency]:
    query = select(Agency).order_by(Agency.agency_id).limit(limit)
    if after is not None:
        query = query.where(Agency.agency_id > after)
    return (await session.scalars(query)).all()
