"""Audit records of reads of personal data, added in the same transaction, before the answer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import AUDIT_RECORDS
from payesh.contracts.access import AuditOutcome
from payesh.kit import outbox
from payesh.kit.principal import Principal
from payesh.kit.query_digests import QueryDigest
from payesh.kit.telemetry import current_trace_id

_IDS_A_RECORD = 500

# A database that was restored counts on from an older number. It is known by what PostgreSQL
# changes in every restored copy that accepts writes: the cluster's identifier (a dump), the
# timeline (recovery from a backup, and a standby's promotion) or the database's own id. Its numbers
# begin again in a new epoch. A copy of the disks alone keeps all three: access then finds two
# records of one number. NULL is a counter from before there were epochs.
_NEXT_NUMBER = text("""
    WITH here AS (
        SELECT (SELECT system_identifier FROM pg_control_system())::text
            || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
            || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
            AS incarnation
    )
    INSERT INTO audit_counter AS counter (id, last, epoch, incarnation)
    SELECT 1, 1, replace(gen_random_uuid()::text, '-', ''), here.incarnation FROM here
    ON CONFLICT (id) DO UPDATE SET
        last = 1 + CASE WHEN counter.incarnation = excluded.incarnation THEN counter.last
            ELSE 0 END,
        epoch = CASE WHEN counter.incarnation = excluded.incarnation THEN counter.epoch
            ELSE excluded.epoch END,
        incarnation = excluded.incarnation
    RETURNING last, epoch
""")


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
    Raises KeyError for a service without an audit topic.
    """
    ids = [str(each) for each in resource_ids]
    sequence = 0
    for start in range(0, max(1, len(ids)), _IDS_A_RECORD):
        sequence, epoch = await _next_number(session)
        record = AUDIT_RECORDS[service](
            record_id=uuid4(),
            service=service,
            sequence=sequence,
            epoch=epoch,
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


async def _next_number(session: AsyncSession) -> tuple[int, str]:
    """The next number and the epoch that it counts in."""
    row = (await session.execute(_NEXT_NUMBER)).one()
    return row.last, row.epoch
