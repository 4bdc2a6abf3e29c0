"""Retention of reads and crossings: expired ones are deleted, partitions are made ahead of time."""

from datetime import UTC, datetime

import structlog

from payesh.plates.adapters import reads, stretch_crossings
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


async def expire_crossings(dependencies: Dependencies) -> None:
    """Delete every crossing that waited long enough, a bounded number in each transaction."""
    now, deleted = datetime.now(UTC), 1
    while deleted:
        async with dependencies.database.transaction() as session:
            deleted = await stretch_crossings.expire(session, now)


async def prepare_partitions(dependencies: Dependencies) -> None:
    """Make the partitions of the coming days."""
    async with dependencies.database.transaction() as session:
        await reads.ensure_partitions(session, datetime.now(UTC).date())
