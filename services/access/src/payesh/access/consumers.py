"""The bus edge: audit records of every service."""

from datetime import UTC, datetime

from payesh.access import metrics
from payesh.access.adapters import audit_log
from payesh.access.settings import Settings
from payesh.contracts import AuditReadRecorded
from payesh.kit.bus import Consumer, Delivery, Handler, Producer
from payesh.kit.database import Database

GROUP = "access"


def audit_consumer(settings: Settings, database: Database, producer: Producer) -> Consumer:
    return Consumer(
        settings,
        group=GROUP,
        handlers={AuditReadRecorded: keep_audit_records(database)},
        producer=producer,
    )


def keep_audit_records(database: Database) -> Handler:
    """No inbox: it would take a second, different record of one number for a duplicate and drop
    it unseen. The log itself tells the two apart."""

    async def handle(delivery: Delivery[AuditReadRecorded]) -> None:
        async with database.transaction() as session:
            added = await audit_log.append(session, delivery.event, datetime.now(UTC))
        metrics.audit_records.labels("added" if added else "duplicate").inc()

    return handle
