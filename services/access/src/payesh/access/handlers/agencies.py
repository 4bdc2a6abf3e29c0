"""Agencies: registered, listed, enabled and disabled."""

from datetime import UTC, datetime

from payesh.access.adapters import agencies, clients, endings
from payesh.access.adapters.agencies import StoredAgency
from payesh.access.dependencies import Dependencies
from payesh.access.handlers.recording import record
from payesh.access.handlers.revoking import revoke
from payesh.access.handlers.rights import as_of_now, one_at_a_time
from payesh.contracts.vocabulary import RevocationKind
from payesh.kit.errors import Conflict, Forbidden, NotFound
from payesh.kit.principal import Principal

READ, WRITE = "agencies:read", "agencies:write"


async def register_agency(
    dependencies: Dependencies, principal: Principal, agency_id: str, name: str
) -> StoredAgency:
    """Raises Conflict when the id is taken."""
    async with dependencies.database.transaction() as session:
        await as_of_now(session, principal, WRITE)
        agency = await agencies.add(session, agency_id, name, datetime.now(UTC))
        if agency is None:
            raise Conflict(f"the agency {agency_id} exists", type="agency-exists")
        await record(session, principal, WRITE, "register", "agency", [agency_id])
    return agency


async def list_agencies(
    dependencies: Dependencies, after: str | None, limit: int
) -> list[StoredAgency]:
    """Agencies in the order of their ids, from after `after`."""
    async with dependencies.database.transaction() as session:
        return await agencies.page(session, after, limit)


async def switch_agency(
    dependencies: Dependencies, principal: Principal, agency_id: str, *, enabled: bool
) -> StoredAgency:
    """Enable or disable an agency; disabling ends what its people are signed in to. Raises
    NotFound, and Forbidden for disabling the principal's own: who switches agencies remains able
    to, so that there is always one who can undo it."""
    async with dependencies.database.transaction() as session:
        await one_at_a_time(session)
        agency = await agencies.find(session, agency_id, to_change=True)
        await as_of_now(session, principal, WRITE)
        if agency is None:
            raise NotFound(f"no agency {agency_id}")
        if not enabled and agency_id == principal.agency:
            raise Forbidden("your own agency is for another to disable", type="own-agency")
        switched = await agencies.switch(session, agency_id, enabled=enabled)
        if not enabled:
            await endings.end_for_agency(session, agency_id, datetime.now(UTC))
            await revoke(session, RevocationKind.AGENCY, agency_id)
            for client_id in await clients.used_by_people(session, agency_id):
                await revoke(session, RevocationKind.CLIENT, client_id)
        await record(session, principal, WRITE, "change", "agency", [agency_id])
        return switched
