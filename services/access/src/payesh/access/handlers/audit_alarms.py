"""Alarms of the audit log: raised with a record of their own, listed, answered by a person."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access import metrics
from payesh.access.adapters import agencies, audit_alarms
from payesh.access.adapters.audit_alarms import Alarm, StoredAlarm
from payesh.access.dependencies import Dependencies
from payesh.access.settings import Settings
from payesh.kit.audit import record_read
from payesh.kit.errors import Conflict, Forbidden, NotFound
from payesh.kit.principal import Bounds, Principal

READ = "audit:read"
DEAD_LETTER = "dead-letter"

ACCESS_ITSELF = Principal(
    subject="service:access",
    actor="service:access",
    agency=agencies.OPERATOR,
    scopes=frozenset(),
    bounds=Bounds(frozenset(), frozenset()),
    purpose=None,
    grant_id=None,
)
"""Who recorded an alarm: no person read anything."""


async def raise_alarms(session: AsyncSession, alarms: Sequence[Alarm], now: datetime) -> None:
    """Store each that is new, and record it in the log itself; late in the transaction."""
    for alarm in alarms:
        if not await audit_alarms.add(session, alarm, now):
            continue
        metrics.audit_alarms.labels(alarm.kind).inc()
        await record_read(
            session,
            ACCESS_ITSELF,
            service=Settings.service,
            scope=READ,
            action=f"alarm:{alarm.kind}",
            resource_kind="audit-alarm",
            resource_ids=[str(alarm.alarm_id), *alarm.details.get("resource_ids", ())],
        )


async def note_dead_letter(dependencies: Dependencies, record: Any, reason: str) -> None:
    """Raise the alarm of an audit record that could not be taken into the log: it is about to go
    to its dead-letter topic. Raises DatabaseUnavailable."""
    place = f"{record.topic}/{record.partition}/{record.offset}"
    alarm = Alarm(
        DEAD_LETTER,
        record.topic.split(".")[1],
        place,
        {"topic": record.topic, "partition": record.partition, "offset": record.offset,
         "reason": reason},
    )  # fmt: skip
    async with dependencies.database.transaction() as session:
        await raise_alarms(session, [alarm], datetime.now(UTC))


async def list_alarms(
    dependencies: Dependencies,
    principal: Principal,
    *,
    open_only: bool,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[StoredAlarm]:
    """Alarms, the newest first. Raises Forbidden unless the principal is of the operator's agency:
    they may name any agency's people."""
    require_operator(principal)
    async with dependencies.database.transaction() as session:
        found = await audit_alarms.page(session, open_only=open_only, before=before, limit=limit)
        await _record(session, principal, "list", [alarm.alarm_id for alarm in found])
    return found


async def review_alarm(
    dependencies: Dependencies, principal: Principal, alarm_id: UUID, remark: str
) -> None:
    """Answer an alarm, which then counts as seen. Raises Forbidden for a machine, NotFound, and
    Conflict when it was answered before."""
    require_operator(principal)
    require_person(principal)
    async with dependencies.database.transaction() as session:
        stored = await audit_alarms.review(
            session,
            alarm_id,
            reviewed_by=principal.subject,
            remark=remark,
            now=datetime.now(UTC),
        )
        if stored is None:
            raise NotFound(f"no alarm {alarm_id}")
        if not stored:
            raise Conflict("the alarm was answered before", type="already-reviewed")
        await _record(session, principal, "review", [alarm_id])


async def open_alarms(dependencies: Dependencies) -> dict[str, int]:
    """Kind to the number of alarms that wait for a person."""
    async with dependencies.database.transaction() as session:
        return await audit_alarms.open_by_kind(session)


def require_operator(principal: Principal) -> None:
    """Raises Forbidden unless the principal is of the operator's agency."""
    if principal.agency != agencies.OPERATOR:
        raise Forbidden("this is the operator's to look after", type="other-agency")


def require_person(principal: Principal) -> None:
    """Raises Forbidden for a machine: two of its requests are not two people."""
    if not principal.is_person:
        raise Forbidden("this needs a person who signed in", type="person-required")


async def _record(
    session: AsyncSession, principal: Principal, action: str, alarm_ids: Sequence[UUID]
) -> None:
    await record_read(
        session,
        principal,
        service=Settings.service,
        scope=READ,
        action=action,
        resource_kind="audit-alarm",
        resource_ids=[str(each) for each in alarm_ids],
    )
