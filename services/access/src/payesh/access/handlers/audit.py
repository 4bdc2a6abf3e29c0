"""The audit log: searched, and looked after. Reading it is recorded in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import agencies, audit_log
from payesh.access.adapters.audit_log import AuditQuery, Gap, Leaf
from payesh.access.dependencies import Dependencies
from payesh.access.domain.audit_sequence import Count
from payesh.access.handlers.audit_alarms import READ, require_operator
from payesh.access.handlers.decoys import plate_terms
from payesh.access.handlers.rights import agency_bound
from payesh.access.settings import Settings
from payesh.contracts.audited_query import Condition
from payesh.kit.audit import record_read
from payesh.kit.principal import Principal
from payesh.kit.query_digests import QueryDigest

_GAPS_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Completeness:
    """What is missing of the log (at most 1000 runs of numbers), and how far each service's epochs
    have come."""

    gaps: list[Gap]
    counts: dict[str, dict[str, Count]]


async def search_audit(
    dependencies: Dependencies, principal: Principal, query: AuditQuery
) -> list[Leaf]:
    """Reads by people of the principal's agency, of all for the operator's; the newest first. The
    search is recorded too."""
    async with dependencies.database.transaction() as session:
        found = await audit_log.find(session, agency_of(principal), query)
        asked = dependencies.digests.of(
            {
                "service": query.service,
                "subject": query.subject,
                "agency": query.agency,
                "purpose": query.purpose,
                "resource": query.resource,
                "from": query.since,
                "to": query.until,
            }
        )
        await record(session, principal, "search", "audit-record", positions(found), query=asked)
    return found


def plate_conditions(
    plate: str, since: datetime | None, until: datetime | None
) -> dict[str, Condition]:
    """What a search for who looked for a plate is digested as, granted or refused."""
    return {"plate": plate, "from": since, "to": until}


async def search_audit_for_plate(
    dependencies: Dependencies,
    principal: Principal,
    plate: str,
    *,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int,
) -> tuple[list[str], list[Leaf]]:
    """The digests of searches that would have found this plate, and their records. The asking is
    recorded with the plate's own digest: who looks for who looked is found the same way. Raises
    Unprocessable."""
    terms = plate_terms(dependencies, plate)
    query = AuditQuery(
        service=None,
        subject=None,
        agency=None,
        purpose=None,
        resource=None,
        terms=terms,
        since=since,
        until=until,
        before=before,
        limit=limit,
    )
    asked = dependencies.digests.of(plate_conditions(plate, since, until))
    async with dependencies.database.transaction() as session:
        found = await audit_log.find(session, agency_of(principal), query)
        await record(session, principal, "search", "audit-record", positions(found), query=asked)
    return terms, found


async def completeness(dependencies: Dependencies, principal: Principal) -> Completeness:
    """Raises Forbidden unless the principal is of the operator's agency: numbers belong to no
    other."""
    require_operator(principal)
    async with dependencies.database.transaction() as session:
        found = Completeness(
            gaps=await audit_log.gaps(session, _GAPS_LIMIT),
            counts=await audit_log.counts_of(session),
        )
        await record(session, principal, "list", "audit-gap", ())
    return found


async def record(
    session: AsyncSession,
    principal: Principal,
    action: str,
    kind: str,
    ids: Sequence[str],
    *,
    query: QueryDigest | None = None,
) -> None:
    """Record that the log was read; `query` is what was asked for."""
    await record_read(
        session,
        principal,
        service=Settings.service,
        scope=READ,
        action=action,
        resource_kind=kind,
        resource_ids=ids,
        query=query,
    )


def positions(leaves: Sequence[Leaf]) -> list[str]:
    return [str(leaf.position) for leaf in leaves]


def agency_of(principal: Principal) -> str | None:
    """The one agency whose reads a principal may see, None for all."""
    return None if principal.agency == agencies.OPERATOR else agency_bound(principal)
