"""The audit log: records of every service appended, searched and verified."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from payesh.access import metrics
from payesh.access.adapters import agencies, audit_log
from payesh.access.adapters.audit_log import AuditQuery, Chain, Gap, StoredRecord
from payesh.access.dependencies import Dependencies
from payesh.access.domain.audit_chain import first_break
from payesh.access.handlers.rights import agency_bound
from payesh.access.settings import Settings
from payesh.kit.audit import record_read
from payesh.kit.bus import Delivery
from payesh.kit.database import Database
from payesh.kit.errors import Forbidden
from payesh.kit.principal import Principal

READ = "audit:read"
_GAPS_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Completeness:
    """What is missing of the log (at most 1000 runs of numbers), and the heads of its chains."""

    gaps: list[Gap]
    chains: list[Chain]


async def append_record(dependencies: Dependencies, delivery: Delivery[Any]) -> None:
    """Add a service's record to its chain.

    No inbox: it would take a second, different record of one number for a duplicate and drop it
    unseen. The log itself distinguishes the two.
    """
    async with dependencies.database.transaction() as session:
        added = await audit_log.append(session, delivery.event, datetime.now(UTC))
    metrics.audit_records.labels("added" if added else "duplicate").inc()


async def search_audit(
    dependencies: Dependencies, principal: Principal, query: AuditQuery
) -> list[StoredRecord]:
    """Reads by people of the principal's agency, of all for the operator's; the newest first. The
    search is recorded too."""
    async with dependencies.database.transaction() as session:
        found = await audit_log.find(session, _bound(principal), query)
        await record_read(
            session,
            principal,
            service=Settings.service,
            scope=READ,
            action="search",
            resource_kind="audit-record",
            resource_ids=[f"{record.service}/{record.sequence}" for record in found],
            query=dependencies.digests.of(
                {
                    "service": query.service,
                    "subject": query.subject,
                    "resource": query.resource,
                    "from": query.since,
                    "to": query.until,
                }
            ),
        )
    return found


async def completeness(dependencies: Dependencies, principal: Principal) -> Completeness:
    """Raises Forbidden unless the principal is of the operator's agency: a chain belongs to no
    other."""
    if _bound(principal) is not None:
        raise Forbidden("the chains are the operator's to look after", type="other-agency")
    async with dependencies.database.transaction() as session:
        return Completeness(
            gaps=await audit_log.gaps(session, _GAPS_LIMIT),
            chains=await audit_log.chains(session),
        )


async def verified_chains(database: Database) -> AsyncIterator[tuple[Chain, int | None]]:
    """Each chain, recomputed, with its first broken position or None."""
    async with database.transaction() as session:
        for chain in await audit_log.chains(session):
            links = audit_log.links(session, chain.service)
            yield chain, await first_break(links, chain.records)


def _bound(principal: Principal) -> str | None:
    """The one agency whose reads a principal may see, None for all."""
    return None if principal.agency == agencies.OPERATOR else agency_bound(principal)
