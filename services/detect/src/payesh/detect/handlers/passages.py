"""One passage. Passages are personal data: each answer leaves an audit record before it."""

from uuid import UUID

from payesh.detect.adapters import passages
from payesh.detect.adapters.passages import StoredPassage
from payesh.detect.dependencies import Dependencies
from payesh.detect.errors import NoSuchPassage
from payesh.detect.settings import Settings
from payesh.kit.audit import record_read
from payesh.kit.principal import Principal

SCOPE = "passages:read"


async def get_passage(
    dependencies: Dependencies, principal: Principal, passage_id: UUID
) -> StoredPassage:
    """One passage. Raises NoSuchPassage for one outside the caller's bounds too, which is
    recorded."""
    async with dependencies.database.transaction() as session:
        passage = await passages.get(session, principal.bounds, passage_id)
        await record_read(
            session,
            principal,
            service=Settings.service,
            scope=SCOPE,
            action="read",
            resource_kind="passage",
            resource_ids=[str(passage_id)],
            outcome="granted" if passage is not None else "denied",
            query=dependencies.digests.of({"passage_id": passage_id}),
        )
    if passage is None:
        raise NoSuchPassage
    return passage
