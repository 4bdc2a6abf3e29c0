"""Decisions that become final: those that are due, and the serials that they are numbered with."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.stored_citation import StoredCitation, citation_of
from payesh.tickets.adapters.tables import citations, county_serials
from payesh.tickets.domain.desk import DECIDED


async def lock_due(session: AsyncSession, beside: Collection[UUID]) -> StoredCitation | None:
    """The decided citation, none of `beside`, that is longest due to become final, locked until the
    transaction ends; rows that another transaction holds are passed over."""
    row = await session.execute(
        select(citations, func.clock_timestamp().label("now"))
        .where(
            citations.c.state == DECIDED.name,
            citations.c.final_at <= func.clock_timestamp(),
            citations.c.citation_id.not_in(beside),
        )
        .order_by(citations.c.final_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = row.one_or_none()
    return None if found is None else citation_of(found)


async def next_serial(session: AsyncSession, jalali_year: int, county: str) -> int:
    """The next serial of a county's year. Its row stays locked until the transaction commits, and a
    roll-back gives the serial back: unlike a sequence, it leaves no gap."""
    serial: int = await session.scalar(
        insert(county_serials)
        .values(jalali_year=jalali_year, county=county, last_serial=1)
        .on_conflict_do_update(
            index_elements=["jalali_year", "county"],
            set_={"last_serial": county_serials.c.last_serial + 1},
        )
        .returning(county_serials.c.last_serial)
    )
    return serial
