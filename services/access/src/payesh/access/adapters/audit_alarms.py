"""Alarms of the audit log in PostgreSQL: raised once, kept, answered by a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.audit_tables import AuditAlarm, AuditAlarmReview

_NAMESPACE = UUID("0d6a1f2e-51f0-4c56-9f43-6d0b1c6f5a77")
_REVIEWED = exists().where(AuditAlarmReview.alarm_id == AuditAlarm.alarm_id)


@dataclass(frozen=True, slots=True)
class Alarm:
    """`identity` is what makes it one alarm, however often its cause is met."""

    kind: str
    service: str
    identity: str
    details: Mapping[str, Any]

    @property
    def alarm_id(self) -> UUID:
        return uuid5(_NAMESPACE, f"{self.kind}|{self.service}|{self.identity}")


@dataclass(frozen=True, slots=True)
class StoredAlarm:
    """An alarm with its answer, None while it is open."""

    alarm_id: UUID
    kind: str
    service: str
    raised_at: datetime
    details: Mapping[str, Any]
    reviewed_by: str | None
    reviewed_at: datetime | None
    remark: str | None


async def add(session: AsyncSession, alarm: Alarm, now: datetime) -> bool:
    """Store it; False when it was raised before."""
    added = await session.scalar(
        insert(AuditAlarm)
        .values(
            alarm_id=alarm.alarm_id,
            kind=alarm.kind,
            raised_at=now,
            service=alarm.service,
            details=dict(alarm.details),
        )
        .on_conflict_do_nothing()
        .returning(AuditAlarm.alarm_id)
    )
    return added is not None


async def page(
    session: AsyncSession, *, open_only: bool, before: tuple[datetime, UUID] | None, limit: int
) -> list[StoredAlarm]:
    """Alarms, the newest first."""
    order = (AuditAlarm.raised_at, AuditAlarm.alarm_id)
    query = (
        select(AuditAlarm, AuditAlarmReview)
        .outerjoin(AuditAlarmReview, AuditAlarmReview.alarm_id == AuditAlarm.alarm_id)
        .order_by(*(column.desc() for column in order))
        .limit(limit)
    )
    if open_only:
        query = query.where(AuditAlarmReview.alarm_id.is_(None))
    if before is not None:
        raised_at, alarm_id = before
        query = query.where(
            (AuditAlarm.raised_at < raised_at)
            | ((AuditAlarm.raised_at == raised_at) & (AuditAlarm.alarm_id < alarm_id))
        )
    return [_stored(alarm, review) for alarm, review in (await session.execute(query)).all()]


async def open_by_kind(session: AsyncSession) -> dict[str, int]:
    """Kind to the number of alarms that no person has answered."""
    rows = await session.execute(
        select(AuditAlarm.kind, func.count().label("open_alarms"))
        .where(~_REVIEWED)
        .group_by(AuditAlarm.kind)
    )
    return {row.kind: row.open_alarms for row in rows}


async def review(
    session: AsyncSession, alarm_id: UUID, *, reviewed_by: str, remark: str, now: datetime
) -> bool | None:
    """Store a person's answer; False when there is one already, None without such an alarm."""
    if await session.get(AuditAlarm, alarm_id) is None:
        return None
    added = await session.scalar(
        insert(AuditAlarmReview)
        .values(alarm_id=alarm_id, reviewed_by=reviewed_by, reviewed_at=now, remark=remark)
        .on_conflict_do_nothing()
        .returning(AuditAlarmReview.alarm_id)
    )
    return added is not None


def _stored(alarm: AuditAlarm, review: AuditAlarmReview | None) -> StoredAlarm:
    return StoredAlarm(
        alarm_id=alarm.alarm_id,
        kind=alarm.kind,
        service=alarm.service,
        raised_at=alarm.raised_at,
        details=alarm.details,
        reviewed_by=review.reviewed_by if review else None,
        reviewed_at=review.reviewed_at if review else None,
        remark=review.remark if review else None,
    )
