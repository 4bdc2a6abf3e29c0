"""Retention: expired passages, old counts and old incidents are deleted."""

from datetime import UTC, datetime

import structlog

from payesh.detect.adapters import incidents, passages, traffic
from payesh.detect.dependencies import Dependencies

log = structlog.get_logger(__name__)


async def expire_passages(dependencies: Dependencies) -> None:
    """Delete every passage that has expired, a bounded number in each transaction."""
    now, deleted = datetime.now(UTC), 1
    while deleted:
        async with dependencies.database.transaction() as session:
            deleted = await passages.expire(session, now)
        if deleted:
            log.info("passages expired", count=deleted)


async def expire_traffic(dependencies: Dependencies) -> None:
    """Delete the counts of intervals that began too long ago."""
    before = datetime.now(UTC) - dependencies.traffic_keep
    async with dependencies.database.transaction() as session:
        await traffic.expire(session, before)


async def expire_incidents(dependencies: Dependencies) -> None:
    """Delete the incidents that began too long ago."""
    before = datetime.now(UTC) - dependencies.incident_keep
    async with dependencies.database.transaction() as session:
        await incidents.expire(session, before)
