"""Audit records of reads of personal data, added in the same transaction, before the answer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import AuditReadRecorded
from payesh.contracts.access import AuditOutcome
from payesh.kit import outbox
from payesh.kit.principal import Principal
from payesh.kit.query_digests import QueryDigest
from payesh.kit.tables import audit_counter
from payesh.kit.telemetry import current_trace_id

_IDS_A_RECORD = 500


async def record_read(
    session: AsyncSession,
    principal: Principal,
    *,
    service: str,
    scope: str,
    action: str,
    resource_kind: str,
    resource_ids: Sequence[str],
    outcome: AuditOutcome | str = AuditOutcome.GRANTED,
    query: QueryDigest | None = None,
) -> int:
    """Record a read under the service's next number and return that number.

    `query` is what was searched or asked for, digested; None where nothing was.
    More than 500 ids make several records; the last number is returned. The numbers are gapless
    because the counter's row stays locked until the commit: call this late in the transaction.
    """
    ids = [str(each) for each in resource_ids]
    sequence = 0
    for start in range(0, max(1, len(ids)), _IDS_A_RECORD):
        sequence = await _next_number(session)
        record = AuditReadRecorded(
            record_id=uuid4(),
            service=service,
            sequence=sequence,
            recorded_at=datetime.now(UTC),
            subject=principal.subject,
            actor=principal.actor,
            agency=principal.agency,
            scope=scope,
            purpose=principal.purpose,
            grant_id=principal.grant_id,
            action=action,
            resource_kind=resource_kind,
            resource_ids=tuple(ids[start : start + _IDS_A_RECORD]),
            outcome=AuditOutcome(outcome),
            trace_id=current_trace_id(),
            query_digest=query.whole if query else None,
            query_terms=query.terms if query else (),
            query_key_id=query.key_id if query else None,
        )
        await outbox.add(session, record)
    return sequence


async def _next_number(session: AsyncSession) -> int:
    statement = insert(audit_counter).values(id=1, last=1)
    value: int = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=[audit_counter.c.id], set_={"last": audit_counter.c.last + 1}
        ).returning(audit_counter.c.last)
    )
    return value
