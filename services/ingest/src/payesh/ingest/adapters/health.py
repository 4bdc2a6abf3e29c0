"""The present health of cameras."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.ingest import CameraHealthChanged, PictureSize
from payesh.ingest.adapters.tables import camera_health


@dataclass(frozen=True, slots=True)
class StoredCondition:
    """A condition that was raised at least once, and its last change."""

    condition: str
    raised: bool
    changed_at: datetime
    value: float | None
    threshold: float | None
    reason: str | None
    found_px: dict[str, int] | None
    expected_px: dict[str, int] | None


async def change_health(session: AsyncSession, event: CameraHealthChanged) -> bool:
    """False when a newer change is already known, or this one."""
    row = {
        "raised": event.raised,
        "changed_at": event.changed_at,
        "value": event.value,
        "threshold": event.threshold,
        "reason": event.reason,
        "found_px": _size(event.found_px),
        "expected_px": _size(event.expected_px),
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


async def health_of(session: AsyncSession, camera_id: str) -> Sequence[StoredCondition]:
    rows = await session.execute(
        select(
            camera_health.c.condition,
            camera_health.c.raised,
            camera_health.c.changed_at,
            camera_health.c.value,
            camera_health.c.threshold,
            camera_health.c.reason,
            camera_health.c.found_px,
            camera_health.c.expected_px,
        )
        .where(camera_health.c.camera_id == camera_id)
        .order_by(camera_health.c.condition)
    )
    return [StoredCondition(*row) for row in rows]


def _size(size: PictureSize | None) -> dict[str, int] | None:
    return None if size is None else size.model_dump()


async def raised_conditions(session: AsyncSession) -> dict[str, set[str]]:
    """Camera to the conditions it is in."""
    rows = await session.execute(
        select(camera_health.c.camera_id, camera_health.c.condition).where(camera_health.c.raised)
    )
    raised: dict[str, set[str]] = {}
    for camera_id, condition in rows:
        raised.setdefault(camera_id, set()).add(condition)
    return raised
