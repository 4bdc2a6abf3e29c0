"""Periods in which cameras only warn, in the database. A row is added and ended, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    String,
    Table,
    Uuid,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.principal import Bounds
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.adapters.tables import metadata
from payesh.tickets.domain.jalali_day import jalali_of, jalali_text
from payesh.tickets.domain.warning import WarningPeriod
from payesh.tickets.jalali import jalali_day

_Moment = DateTime(timezone=True)

warning_periods = Table(
    "warning_periods",
    metadata,
    Column("period_id", Uuid, primary_key=True),
    Column("camera_id", String(64), nullable=False),
    Column("county", String(64), nullable=False),
    Column("first_day", String(10), nullable=False),
    Column("last_day", String(10), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("begun_by", String(128), nullable=False),
    Column("begun_at", _Moment, nullable=False, server_default=func.now()),
    # What was captured from then on is fined again.
    Column("ended_at", _Moment),
    Column("ended_by", String(128)),
    Column("note", String(500)),
    Index("ix_warning_periods_camera", "camera_id", "last_day"),
)


@dataclass(frozen=True, slots=True)
class StoredPeriod:
    """One row; the last three are None unless it was ended before its last day."""

    period_id: UUID
    about: WarningPeriod
    begun_by: str
    begun_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    note: str | None


async def add(session: AsyncSession, period_id: UUID, about: WarningPeriod, *, by: str) -> None:
    await session.execute(
        insert(warning_periods).values(
            period_id=period_id,
            camera_id=about.camera_id,
            county=about.county,
            first_day=jalali_text(about.first),
            last_day=jalali_text(about.last),
            reason=about.reason,
            begun_by=by,
        )
    )


async def end(
    session: AsyncSession, bounds: Bounds, period_id: UUID, *, by: str, note: str
) -> str | None:
    """End a period of the bounds that lasts; its camera. None where there is none."""
    table = warning_periods
    conditions = [table.c.period_id == period_id, table.c.ended_at.is_(None)]
    if bounds.counties is not None:
        conditions.append(table.c.county.in_(bounds.counties))
    camera: str | None = await session.scalar(
        update(table)
        .where(*conditions)
        .values(ended_at=func.clock_timestamp(), ended_by=by, note=note)
        .returning(table.c.camera_id)
    )
    return camera


async def page(session: AsyncSession, bounds: Bounds, *, limit: int) -> Sequence[StoredPeriod]:
    """Periods of the bounds' counties, those that end last first."""
    table = warning_periods
    query = select(table).order_by(table.c.last_day.desc(), table.c.begun_at.desc()).limit(limit)
    if bounds.counties is not None:
        query = query.where(table.c.county.in_(bounds.counties))
    return [
        StoredPeriod(
            row.period_id,
            WarningPeriod(
                row.camera_id,
                row.county,
                jalali_of(row.first_day),
                jalali_of(row.last_day),
                row.reason,
            ),
            row.begun_by,
            row.begun_at,
            row.ended_at,
            row.ended_by,
            row.note,
        )
        for row in await session.execute(query)
    ]


async def covers(session: AsyncSession, citation: StoredCitation) -> bool:
    """Whether its camera only warned when it was captured."""
    table, day = warning_periods, jalali_text(jalali_day(citation.captured_at))
    found = exists().where(
        table.c.camera_id == citation.camera_id,
        table.c.county == citation.county,
        table.c.first_day <= day,
        table.c.last_day >= day,
        or_(table.c.ended_at.is_(None), table.c.ended_at > citation.captured_at),
    )
    return bool(await session.scalar(select(found)))
