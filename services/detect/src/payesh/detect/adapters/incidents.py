"""Incidents in PostgreSQL, a row each: raised, and then ended."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import IncidentObserved
from payesh.detect.adapters.tables import incidents
from payesh.kit.bounds import within
from payesh.kit.principal import Bounds


@dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident as it was published last: `body` is the event that ended it, if one did."""

    incident_id: UUID
    began_at: datetime
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class IncidentQuery:
    """Incidents that begin in [`begin_from`, `begin_to`); `ended` is None for both kinds."""

    camera_id: str | None
    incident: str | None
    ended: bool | None
    begin_from: datetime | None
    begin_to: datetime | None
    after: tuple[datetime, UUID] | None
    limit: int


async def put(session: AsyncSession, observed: IncidentObserved) -> None:
    """Store what was published of an incident. Its end stays, whatever comes after it."""
    values = {
        "incident_id": observed.incident_id,
        "camera_id": observed.camera_id,
        "county": observed.county,
        "road_class": observed.road_class,
        "incident": observed.incident,
        "began_at": observed.began_at,
        "ended_at": observed.ended_at,
        "body": json.loads(observed.to_json()),
    }
    statement = insert(incidents).values(values)
    if observed.ended_at is None:
        await session.execute(statement.on_conflict_do_nothing())
    else:
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[incidents.c.incident_id],
                set_={"ended_at": values["ended_at"], "body": values["body"]},
            )
        )


async def search(
    session: AsyncSession, bounds: Bounds, query: IncidentQuery
) -> list[StoredIncident]:
    """Incidents in the order in which they began, within the caller's bounds."""
    statement = select(incidents.c.incident_id, incidents.c.began_at, incidents.c.body).where(
        within(incidents, bounds)
    )
    if query.camera_id is not None:
        statement = statement.where(incidents.c.camera_id == query.camera_id)
    if query.incident is not None:
        statement = statement.where(incidents.c.incident == query.incident)
    if query.ended is not None:
        is_open = incidents.c.ended_at.is_(None)
        statement = statement.where(~is_open if query.ended else is_open)
    if query.begin_from is not None:
        statement = statement.where(incidents.c.began_at >= query.begin_from)
    if query.begin_to is not None:
        statement = statement.where(incidents.c.began_at < query.begin_to)
    key = tuple_(incidents.c.began_at, incidents.c.incident_id)
    if query.after is not None:
        statement = statement.where(key > query.after)
    ordered = statement.order_by(incidents.c.began_at, incidents.c.incident_id)
    return [StoredIncident(*row) for row in await session.execute(ordered.limit(query.limit))]


async def expire(session: AsyncSession, before: datetime) -> None:
    """Delete incidents that began before."""
    await session.execute(delete(incidents).where(incidents.c.began_at < before))
