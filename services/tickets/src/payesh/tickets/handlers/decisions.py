"""What officers do: read, claim, release, issue, reject. Each in one transaction, audited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import CitationIssued, CitationRejected
from payesh.contracts.access import AuditOutcome
from payesh.contracts.vocabulary import RejectionReason
from payesh.kit import outbox
from payesh.kit.audit import record_read
from payesh.kit.authorization import Principal
from payesh.kit.database import Database
from payesh.kit.errors import Conflict, Forbidden, NotFound
from payesh.tickets import metrics
from payesh.tickets.adapters import citations, clip_openings, retention_jobs
from payesh.tickets.adapters.citations import StoredCitation
from payesh.tickets.domain.citation import Refusal, Rejection, State, citation_number
from payesh.tickets.domain.plate_text import fold
from payesh.tickets.jalali import jalali_day

SERVICE = "tickets"

_REFUSALS = {
    Refusal.ALREADY_DECIDED: "this citation is decided",
    Refusal.CLAIMED_BY_ANOTHER: "another officer holds this citation",
    Refusal.CLAIM_REQUIRED: "claim this citation first; a claim may have run out",
    Refusal.PLATE_DIFFERS: "the plate differs from the drafted one: reject with plate_wrong",
}


@dataclass(frozen=True)
class DeskRules:
    claim_lease: timedelta
    issued_retention: timedelta
    opening: timedelta


class Desk:
    """The officers' side of tickets. Every method raises NotFound for an unknown citation and
    Forbidden, after recording the denial, for one outside the principal's bounds."""

    def __init__(self, database: Database, rules: DeskRules) -> None:
        self._database = database
        self._rules = rules

    async def page(
        self,
        principal: Principal,
        *,
        state: State | None,
        limit: int,
        after: tuple[datetime, UUID] | None,
    ) -> Sequence[StoredCitation]:
        async with self._database.transaction() as session:
            found = await citations.page(
                session, principal.bounds, state=state, limit=limit, after=after
            )
            await self._record(session, principal, "list", found)
        return found

    async def queue(self, principal: Principal, *, limit: int) -> Sequence[StoredCitation]:
        """What the principal may claim, or has claimed; oldest first."""
        async with self._database.transaction() as session:
            found = await citations.queue(
                session, principal.bounds, officer=principal.subject, limit=limit
            )
            await self._record(session, principal, "list", found)
        return found

    async def count_claimable(self, principal: Principal) -> int:
        """A number, no personal data: pages may ask for it often without filling the log."""
        async with self._database.transaction() as session:
            return await citations.count_claimable(session, principal.bounds)

    async def read(self, principal: Principal, citation_id: UUID) -> StoredCitation:
        citation = await self._allowed(principal, citation_id, "read")
        async with self._database.transaction() as session:
            await self._record(session, principal, "read", [citation])
        return citation

    async def read_evidence(
        self, principal: Principal, citation_id: UUID, part: str
    ) -> StoredCitation:
        """As `read`, for a part of the evidence."""
        action = f"read {part}"
        citation = await self._allowed(principal, citation_id, action)
        async with self._database.transaction() as session:
            await self._record(session, principal, action, [citation])
        return citation

    async def read_clip(
        self, principal: Principal, citation_id: UUID, *, whole: bool
    ) -> StoredCitation:
        """As `read`, for the clip: all of it is recorded each time, ranges once an opening."""
        citation = await self._allowed(principal, citation_id, "read clip")
        async with self._database.transaction() as session:
            is_new = await clip_openings.begin(
                session, citation_id, principal, lasts=self._rules.opening
            )
            if whole or is_new:
                await self._record(session, principal, "read clip", [citation])
        return citation

    async def claim(self, principal: Principal, citation_id: UUID) -> StoredCitation:
        """Raises Conflict when decided, or claimed by another whose lease has not run out."""
        await self._allowed(principal, citation_id, "claim")
        async with self._database.transaction() as session:
            citation = await self._locked(session, citation_id)
            _refuse(citation.standing.refuses_claim(principal.subject, citation.now))
            await citations.set_claim(
                session, citation_id, principal.subject, self._rules.claim_lease
            )
            await self._record(session, principal, "claim", [citation])
            return await self._locked(session, citation_id)

    async def release(self, principal: Principal, citation_id: UUID) -> StoredCitation:
        await self._allowed(principal, citation_id, "release")
        async with self._database.transaction() as session:
            citation = await self._locked(session, citation_id)
            _refuse(citation.standing.refuses_decision(principal.subject, citation.now))
            await citations.clear_claim(session, citation_id)
            await self._record(session, principal, "release", [citation])
            return await self._locked(session, citation_id)

    async def issue(self, principal: Principal, citation_id: UUID, plate: str) -> StoredCitation:
        """Issue to the drafted plate, which the officer confirms by giving it.

        Raises Conflict when the claim is not the principal's or the plate differs.
        """
        await self._allowed(principal, citation_id, "issue")
        async with self._database.transaction() as session:
            citation = await self._locked(session, citation_id)
            _refuse(citation.standing.refuses_issue(principal.subject, fold(plate), citation.now))
            if citation.law is None:
                raise ValueError("a draft always carries its law")
            now = datetime.now(UTC)
            year = jalali_day(now).year
            number = citation_number(year, await citations.next_serial(session, year))
            await citations.set_issued(
                session, citation_id, officer=principal.subject, number=number, at=now
            )
            await retention_jobs.add(session, citation_id, now + self._rules.issued_retention)
            await outbox.add(
                session,
                CitationIssued(
                    camera_id=citation.camera_id,
                    county=citation.county,
                    road_class=citation.road_class,
                    place_class=citation.place_class,
                    citation_id=citation_id,
                    number=number,
                    law=citation.law,
                    officer=principal.subject,
                    issued_at=now,
                ),
            )
            await self._record(session, principal, "issue", [citation])
            decided = await self._locked(session, citation_id)
        metrics.decisions.labels("issue").inc()
        return decided

    async def reject(
        self, principal: Principal, citation_id: UUID, reason: Rejection
    ) -> StoredCitation:
        """Raises Conflict when the claim is not the principal's."""
        await self._allowed(principal, citation_id, "reject")
        async with self._database.transaction() as session:
            citation = await self._locked(session, citation_id)
            _refuse(citation.standing.refuses_decision(principal.subject, citation.now))
            now = datetime.now(UTC)
            await citations.set_rejected(
                session, citation_id, officer=principal.subject, reason=reason, at=now
            )
            await outbox.add(
                session,
                CitationRejected(
                    camera_id=citation.camera_id,
                    county=citation.county,
                    road_class=citation.road_class,
                    place_class=citation.place_class,
                    citation_id=citation_id,
                    violation_id=citation.violation_id,
                    reason=RejectionReason(reason),
                    officer=principal.subject,
                    rejected_at=now,
                ),
            )
            await self._record(session, principal, "reject", [citation])
            decided = await self._locked(session, citation_id)
        metrics.decisions.labels("reject").inc()
        return decided

    async def _allowed(
        self, principal: Principal, citation_id: UUID, action: str
    ) -> StoredCitation:
        async with self._database.transaction() as session:
            citation = await citations.find(session, citation_id)
            if citation is None:
                raise NotFound("no such citation")
            allowed = principal.bounds.allows(citation.county, citation.road_class)
            if not allowed:
                await self._record(
                    session, principal, action, [citation], outcome=AuditOutcome.DENIED
                )
        if not allowed:
            raise Forbidden("this citation lies outside your bounds", type="out-of-bounds")
        return citation

    async def _locked(self, session: AsyncSession, citation_id: UUID) -> StoredCitation:
        citation = await citations.lock(session, citation_id)
        if citation is None:
            raise NotFound("no such citation")
        return citation

    async def _record(
        self,
        session: AsyncSession,
        principal: Principal,
        action: str,
        found: Sequence[StoredCitation],
        outcome: AuditOutcome = AuditOutcome.GRANTED,
    ) -> None:
        writes = action in ("claim", "release", "issue", "reject")
        await record_read(
            session,
            principal,
            service=SERVICE,
            scope="citations:decide" if writes else _scope_of(action),
            action=action,
            resource_kind="citation",
            resource_ids=[str(each.citation_id) for each in found],
            outcome=outcome,
        )


def _scope_of(action: str) -> str:
    return "citations:read" if action in ("list", "read") else "evidence:read"


def _refuse(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Conflict(_REFUSALS[refusal], type=refusal.value)
