"""Retention of reads: expired ones are deleted, partitions are made ahead of time."""

from datetime import UTC, datetime

import structlog

from payesh.plates.adapters import reads
from payesh.plates.dependencies import Dependencies

log = structlog.get_logger(__name__)


async def expire_reads(dependencies: Dependencies) -> None:
    """Delete every read that has expired, a bounded number in each transaction."""
    now, deleted = datetime.now(UTC), 1
    while deleted:
        async with dependencies.database.transaction() as session:
            deleted = await reads.expire(session, now)
        if deleted:
            log.info("reads expired", count=deleted)


async def prepare_partitions(dependencies: Dependencies) -> None:
    """Make the partitions of the coming days."""
    async with dependencies.database.transaction() as session:
        await reads.ensure_partitions(session, datetime.now(UTC).date())
