"""Suspended cameras: since when, by which rate, and who lifted it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.bounds import within
from payesh.kit.principal import Bounds
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.adapters.tables import camera_suspensions
from payesh.tickets.domain.second_look import WrongfulRate


@dataclass(frozen=True, slots=True)
class Suspension:
    """One row; `lifted_at`, `lifted_by` and `note` are None while it lasts."""

    camera_id: str
    county: str
    began_at: datetime
    rate: WrongfulRate
    lifted_at: datetime | None
    lifted_by: str | None
    note: str | None


async def is_suspended(session: AsyncSession, camera_id: str) -> bool:
    table = camera_suspensions
    lasting = select(table.c.camera_id).where(
        table.c.camera_id == camera_id, table.c.lifted_at.is_(None)
    )
    return await session.scalar(lasting) is not None


async def begin(session: AsyncSession, of: StoredCitation, rate: WrongfulRate) -> bool:
    """Suspend the citation's camera; False where it is suspended already."""
    table = camera_suspensions
    began = await session.scalar(
        insert(table)
        .values(
            camera_id=of.camera_id,
            county=of.county,
            road_class=of.road_class,
            wrongful=rate.wrongful,
            looked=rate.looked,
        )
        .on_conflict_do_nothing(
            index_elements=["camera_id"], index_where=table.c.lifted_at.is_(None)
        )
        .returning(table.c.camera_id)
    )
    return began is not None


async def lift(
    session: AsyncSession, bounds: Bounds, camera_id: str, *, by: str, note: str
) -> bool:
    """False where no suspension of this camera lasts within the bounds."""
    table = camera_suspensions
    lifted = await session.scalar(
        update(table)
        .where(within(table, bounds), table.c.camera_id == camera_id, table.c.lifted_at.is_(None))
        .values(lifted_at=func.clock_timestamp(), lifted_by=by, note=note)
        .returning(table.c.camera_id)
    )
    return lifted is not None


async def page(session: AsyncSession, bounds: Bounds, *, limit: int) -> Sequence[Suspension]:
    """Suspensions within the bounds, lasting ones first, then the newest."""
    table = camera_suspensions
    rows = await session.execute(
        select(table)
        .where(within(table, bounds))
        .order_by(table.c.lifted_at.is_not(None), table.c.began_at.desc())
        .limit(limit)
    )
    return [
        Suspension(
            camera_id=row.camera_id,
            county=row.county,
            began_at=row.began_at,
            rate=WrongfulRate(row.wrongful, row.looked),
            lifted_at=row.lifted_at,
            lifted_by=row.lifted_by,
            note=row.note,
        )
        for row in rows
    ]
