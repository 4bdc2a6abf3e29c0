"""The notice of an issued citation: made once, from what is stored, and kept like evidence."""

import asyncio
from uuid import UUID

from payesh.contracts import PlateRead, ViolationDetected
from payesh.contracts.values import ObjectReference
from payesh.kit.errors import Conflict
from payesh.kit.principal import Principal
from payesh.tickets.adapters import notices
from payesh.tickets.adapters.notifications import TableName
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.law import LawTable, Terms
from payesh.tickets.domain.supervision import VOID
from payesh.tickets.evidence.bundling import EVIDENCE
from payesh.tickets.evidence.law_basis import LawBasis
from payesh.tickets.evidence.manifest import name_in_bundle
from payesh.tickets.evidence.masking import Picture, pictures_for_owner, shot_for_owner
from payesh.tickets.evidence.notice import NoticeFacts
from payesh.tickets.evidence.record import EvidenceRecord
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.audited import find_allowed, query_of, record
from payesh.tickets.handlers.blinding import blind
from payesh.tickets.handlers.law_reading import brought_up
from payesh.tickets.jalali import jalali_day


async def read_notice(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> ObjectReference:
    """Where the notice lies; it is made when it is read first.

    Raises NotFound, Forbidden beyond the principal's bounds, and Conflict: `second-look-open`,
    `not-issued` for a citation without a number and a void one, `no-terms`.
    """
    action = actions.READ_NOTICE
    citation = await find_allowed(dependencies, principal, citation_id, action)
    async with dependencies.database.transaction() as session:
        shown = await blind(session, citation, principal)
        if shown.is_second_look or shown.is_outcome_hidden:
            raise Conflict(
                "it is to be decided again: its notice would show the first decision",
                type="second-look-open",
            )
        await record(session, principal, action, [citation], query=query_of(dependencies, citation))
    return await notice_of(dependencies, citation)


async def notice_of(dependencies: Dependencies, citation: StoredCitation) -> ObjectReference:
    """As `read_notice`, for the service itself."""
    standing, evidence = citation.standing, citation.evidence
    if standing.number is None or standing.state == VOID.name or evidence is None:
        raise Conflict("only an issued citation has a notice", type="not-issued")
    async with dependencies.database.transaction() as session:
        made = await notices.find(session, citation.citation_id)
        if made is not None:
            return made.document
        issued_on = jalali_day(standing.decided_at or citation.created_at)
        table = (await brought_up(session, dependencies.law)).law_on(issued_on)
    terms = table.terms_on(issued_on)
    if terms is None:
        raise Conflict("the law table has no deadlines to pay and to object", type="no-terms")
    return await _made(dependencies, citation, evidence, table, terms)


async def _made(
    dependencies: Dependencies,
    citation: StoredCitation,
    evidence: EvidenceRecord,
    table: LawTable,
    terms: Terms,
) -> ObjectReference:
    basis = await _document(dependencies, citation.citation_id, evidence, "law.json")
    facts = NoticeFacts(
        citation=citation,
        basis=None if basis is None else LawBasis.model_validate_json(basis),
        terms=terms,
        pictures=await owners_pictures(dependencies, citation.citation_id, evidence),
        owner_url=dependencies.owner_url,
    )
    body = await asyncio.to_thread(dependencies.print_notice, facts)
    kept = await dependencies.store.put(
        EVIDENCE,
        f"{citation.citation_id}/notice.pdf",
        body,
        media_type="application/pdf",
        retain_until=citation.now + dependencies.issued_retention,
    )
    async with dependencies.database.transaction() as session:
        named = TableName(table.name, table.sha256)
        await notices.add(session, citation.citation_id, kept, named, terms)
        made = await notices.find(session, citation.citation_id)
    return kept if made is None else made.document


async def owners_pictures(
    dependencies: Dependencies, citation_id: UUID, evidence: EvidenceRecord
) -> tuple[Picture, ...]:
    """Pictures of the vehicle that its owner may see: what belongs to others is masked."""
    seen = await _document(dependencies, citation_id, evidence, "violation.json")
    was_read = await _document(dependencies, citation_id, evidence, "read.json")
    if seen is None or was_read is None:
        return ()
    violation, read = ViolationDetected.from_json(seen), PlateRead.from_json(was_read)
    number = shot_for_owner(violation, read)
    if number is None:
        return ()
    body = await dependencies.store.get(evidence.shots[number])
    shot = violation.shots[number]
    named = read.shot is not None and read.shot.crop.sha256 == shot.crop.sha256
    plate = read.shot.plate_box if named and read.shot is not None else None
    return await asyncio.to_thread(pictures_for_owner, body, shot, plate)


async def _document(
    dependencies: Dependencies, citation_id: UUID, evidence: EvidenceRecord, name: str
) -> bytes | None:
    for reference in evidence.others:
        if name_in_bundle(citation_id, reference) == name:
            return await dependencies.store.get(reference)
    return None
