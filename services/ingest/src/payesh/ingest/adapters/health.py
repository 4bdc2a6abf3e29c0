"""The present health of cameras."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.ingest import CameraHealthChanged
from payesh.ingest.adapters.tables import camera_health


async def change_health(session: AsyncSession, event: CameraHealthChanged) -> bool:
    """False when a newer change is already known, or this one."""
    row = {
        "raised": event.raised,
        "changed_at": event.changed_at,
        "value": event.value,
        "threshold": event.threshold,
    }
    statement = insert(camera_health).values(
        camera_id=event.camera_id, condition=event.condition, **row
    )
    done = await session.execute(
        statement.on_conflict_do_update(
            index_elements=[camera_health.c.camera_id, camera_health.c.condition],
            set_=row,
            where=camera_health.c.changed_at < event.changed_at,
        ).returning(camera_health.c.condition)
    )
    return done.scalar() is not None


async def health_of(session: AsyncSession, camera_id: str) -> list[dict[str, Any]]:
    rows = await session.execute(
        select(camera_health)
        .where(camera_health.c.camera_id == camera_id)
        .order_by(camera_health.c.condition)
    )
    return [dict(row._mapping) for row in rows]


async def raised_conditions(session: AsyncSession) -> dict[str, set[str]]:
    """Camera to the conditions it is in."""
    rows = await session.execute(
        select(camera_health.c.camera_id, camera_health.c.condition).where(camera_health.c.raised)
    )
    raised: dict[str, set[str]] = {}
    for camera_id, condition in rows:
        raised.setdefault(camera_id, set()).add(condition)
    return raised
