"""`/v1/audit/alarms`: what about the audit log a person must look at."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, status
from pydantic import BaseModel, Field, TypeAdapter

from payesh.access.adapters.audit_alarms import StoredAlarm
from payesh.access.api.dependencies import DependenciesHere
from payesh.access.handlers import audit_alarms
from payesh.kit.authorization import authorize
from payesh.kit.paging import Cursor, Limit, Text, UtcTime, decode_cursor, next_cursor
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/audit/alarms", tags=["audit"])
Auditor = Annotated[
    Principal,
    Depends(authorize(audit_alarms.READ, resource="alarms of the audit log", personal=True)),
]
_KEY = TypeAdapter(tuple[UtcTime, UUID])


class AlarmView(BaseModel):
    alarm_id: UUID
    kind: str = Field(description="what happened: sequence-taken, epoch-began, dead-letter, ...")
    service: str
    raised_at: datetime
    details: dict[str, Any]
    reviewed_by: str | None
    reviewed_at: datetime | None
    remark: str | None

    @classmethod
    def of(cls, alarm: StoredAlarm) -> "AlarmView":
        return cls(
            alarm_id=alarm.alarm_id,
            kind=alarm.kind,
            service=alarm.service,
            raised_at=alarm.raised_at,
            details=dict(alarm.details),
            reviewed_by=alarm.reviewed_by,
            reviewed_at=alarm.reviewed_at,
            remark=alarm.remark,
        )


class AlarmPage(BaseModel):
    items: list[AlarmView]
    next: str | None


class Review(BaseModel):
    remark: Annotated[Text, Field(min_length=1)] = Field(description="what was found")


@router.get("")
async def list_alarms(
    dependencies: DependenciesHere,
    principal: Auditor,
    open_only: Annotated[bool, Query(alias="open", description="no answered ones")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> AlarmPage:
    """Alarms, the newest first; for the operator's agency."""
    found = await audit_alarms.list_alarms(
        dependencies,
        principal,
        open_only=open_only,
        before=decode_cursor(cursor, _KEY),
        limit=limit,
    )
    following = next_cursor(found, limit, lambda each: (each.raised_at, each.alarm_id))
    return AlarmPage(items=[AlarmView.of(alarm) for alarm in found], next=following)


@router.post("/{alarm_id}/review", status_code=status.HTTP_204_NO_CONTENT)
async def review_alarm(
    dependencies: DependenciesHere, principal: Auditor, alarm_id: UUID, review: Review
) -> None:
    """Answer an alarm, once, as a person of the operator's agency."""
    await audit_alarms.review_alarm(dependencies, principal, alarm_id, review.remark)
