"""Search of reads. Reads are personal data: each answer leaves an audit record before it."""

from uuid import UUID

from payesh.kit.audit import record_read
from payesh.kit.errors import NotFound
from payesh.kit.principal import Principal
from payesh.plates.adapters import reads
from payesh.plates.adapters.reads import ReadQuery, StoredRead
from payesh.plates.dependencies import Dependencies
from payesh.plates.settings import Settings

SCOPE = "reads:read"
_RESOURCE = "read"


async def search_reads(
    dependencies: Dependencies, principal: Principal, query: ReadQuery
) -> list[StoredRead]:
    """The reads that match, newest first, within the caller's bounds."""
    async with dependencies.database.transaction() as session:
        found = await reads.search(session, principal.bounds, query)
        await record_read(
            session,
            principal,
            service=Settings.service,
            scope=SCOPE,
            action="search",
            resource_kind=_RESOURCE,
            resource_ids=[str(read.read_id) for read in found],
            query=dependencies.digests.of(
                {
                    "plate": query.plate,
                    "camera_id": query.camera_id,
                    "from": query.captured_from,
                    "to": query.captured_to,
                }
            ),
        )
    return found


async def get_read(dependencies: Dependencies, principal: Principal, read_id: UUID) -> StoredRead:
    """One read. Raises NotFound for one outside the caller's bounds too, which is recorded."""
    async with dependencies.database.transaction() as session:
        read = await reads.get(session, principal.bounds, read_id)
        plate = read.body["plate"] if read is not None else None
        shown = plate["text"] if plate else None
        await record_read(
            session,
            principal,
            service=Settings.service,
            scope=SCOPE,
            action="read",
            resource_kind=_RESOURCE,
            resource_ids=[str(read_id)],
            outcome="granted" if read is not None else "denied",
            query=dependencies.digests.of_shown({"read_id": read_id}, shown),
        )
    if read is None:
        raise NotFound("no such read within what you may see")
    return read
