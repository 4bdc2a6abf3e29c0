"""Audit records taken from the bus into the log, several in one transaction."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from payesh.access import metrics
from payesh.access.adapters import audit_log
from payesh.access.adapters.audit_alarms import Alarm
from payesh.access.adapters.audit_log import Appended, Oddity
from payesh.access.dependencies import Dependencies
from payesh.access.domain.audit_sequence import Anomaly
from payesh.access.domain.merkle import leaf_hash
from payesh.access.handlers.audit_alarms import raise_alarms
from payesh.access.handlers.decoys import decoy_alarms
from payesh.contracts import AuditReadRecorded
from payesh.kit.bus import BatchHandler, Delivery, Disposition
from payesh.kit.errors import MessageFault


class AppendRecords(BatchHandler):
    """Adds records as leaves of the log.

    No inbox: it would take a second, different record of one number for a duplicate and drop it
    unseen. The log itself distinguishes the two.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies

    async def __call__(self, delivery: Delivery[Any]) -> Disposition:
        await append_records(self._dependencies, [delivery.event])
        return Disposition.DONE

    @asynccontextmanager
    async def batch(
        self, deliveries: Sequence[Delivery[Any]]
    ) -> AsyncIterator[Callable[[Delivery[Any]], Awaitable[None]]]:
        gathered: list[AuditReadRecorded] = []

        async def gather(delivery: Delivery[Any]) -> None:
            gathered.append(delivery.event)

        yield gather
        if gathered:
            await append_records(self._dependencies, gathered)


async def append_records(
    dependencies: Dependencies, records: Sequence[AuditReadRecorded]
) -> Appended:
    """Add them in their order, and raise an alarm for each that should not be as it is."""
    now = datetime.now(UTC)
    async with dependencies.database.transaction() as session:
        appended = await audit_log.append(session, records, now)
        alarms = [_alarm(oddity) for oddity in appended.oddities]
        alarms += await decoy_alarms(session, appended.added)
        await raise_alarms(session, alarms, now)
    committed_at = datetime.now(UTC)
    for _, record in appended.added:
        lag_s = (committed_at - record.recorded_at).total_seconds()
        dependencies.audit_lag.add(lag_s, time.monotonic())
        metrics.audit_lag_seconds.observe(max(0.0, lag_s))
    metrics.audit_records.labels("added").inc(len(appended.added))
    metrics.audit_records.labels("duplicate").inc(appended.duplicates)
    return appended


async def refuse_unattributed(_delivery: Delivery[Any]) -> None:
    """Dead-letter a record of the topic that all services shared: anyone may have written it.

    Raises MessageFault.
    """
    raise MessageFault("the topic vouches for no service", retry=False)


def _alarm(oddity: Oddity) -> Alarm:
    record = oddity.record
    details: dict[str, Any] = {
        "epoch": record.epoch,
        "sequence": record.sequence,
        "position": oddity.position,
        "resource_ids": [f"{record.service}/{record.epoch or ''}/{record.sequence}"],
    }
    identity = f"{record.epoch or ''}|{record.sequence}"
    if oddity.anomaly is Anomaly.SEQUENCE_TAKEN:
        body = record.to_json()
        details["refused"] = body.decode().replace("\\u0000", "\N{REPLACEMENT CHARACTER}")
        identity += f"|{leaf_hash(body).hex()}"
    elif oddity.anomaly is Anomaly.EPOCH_BEGAN:
        identity = record.epoch or ""
    return Alarm(oddity.anomaly.value, record.service, identity, details)
