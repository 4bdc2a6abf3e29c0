"""Traffic counts within the caller's bounds. They are not personal."""

from payesh.detect.adapters import traffic
from payesh.detect.adapters.traffic import StoredInterval, TrafficQuery
from payesh.detect.dependencies import Dependencies
from payesh.kit.principal import Principal

SCOPE = "traffic:read"


async def list_traffic(
    dependencies: Dependencies, principal: Principal, query: TrafficQuery
) -> list[StoredInterval]:
    """The intervals that match, oldest first."""
    async with dependencies.database.transaction() as session:
        return await traffic.search(session, principal.bounds, query)
