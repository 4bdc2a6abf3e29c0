"""Incidents within the caller's bounds. They are not personal: no plate, no passage, no picture."""

from payesh.detect.adapters import incidents
from payesh.detect.adapters.incidents import IncidentQuery, StoredIncident
from payesh.detect.dependencies import Dependencies
from payesh.kit.principal import Principal

SCOPE = "traffic:read"


async def list_incidents(
    dependencies: Dependencies, principal: Principal, query: IncidentQuery
) -> list[StoredIncident]:
    """The incidents that match, in the order in which they began."""
    async with dependencies.database.transaction() as session:
        return await incidents.search(session, principal.bounds, query)
