"""Reading the evidence of a citation: where each part lies. Each reading is recorded.

Raises NotFound for an unknown citation, one without evidence and one without that part, and
Forbidden for a citation outside the principal's bounds.
"""

from uuid import UUID

from payesh.contracts.values import ObjectReference
from payesh.kit.errors import Conflict, NotFound
from payesh.kit.principal import Principal
from payesh.tickets.adapters import decision_statements
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.evidence import openings
from payesh.tickets.evidence.manifest import name_in_bundle
from payesh.tickets.evidence.packing import Archive, archive_of
from payesh.tickets.evidence.record import EvidenceRecord
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.actions import Action
from payesh.tickets.handlers.audited import find_allowed, query_of, record
from payesh.tickets.handlers.blinding import blind


async def find_clip(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, *, whole: bool
) -> ObjectReference:
    """The clip. All of it is recorded each time, ranges of it once an opening."""
    citation = await find_allowed(dependencies, principal, citation_id, actions.READ_CLIP)
    async with dependencies.database.transaction() as session:
        is_new = await openings.begin(
            session, citation_id, principal, lasts=dependencies.clip_opening
        )
        if whole or is_new:
            await record(
                session,
                principal,
                actions.READ_CLIP,
                [citation],
                query=query_of(dependencies, citation),
            )
    return _evidence_of(citation).clip


async def find_shot(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, number: int
) -> ObjectReference:
    """A picture of the vehicle, numbered from 0."""
    evidence = await _read(dependencies, principal, citation_id, actions.READ_SHOT)
    if number >= len(evidence.shots):
        raise NotFound("no such shot")
    return evidence.shots[number]


async def find_manifest(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> ObjectReference:
    return (await _read(dependencies, principal, citation_id, actions.READ_MANIFEST)).manifest


async def find_document(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, name: str
) -> ObjectReference:
    """A document that the manifest lists, by its name in the bundle."""
    evidence = await _read(dependencies, principal, citation_id, actions.read_document(name))
    for reference in evidence.others:
        if name_in_bundle(citation_id, reference) == name:
            return reference
    raise NotFound("no such document")


async def find_archive(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> Archive:
    """The whole bundle with the decisions until now. Raises Conflict `second-look-open` for a
    person who may yet decide it again, `correction-open` for one who may yet read its plate again:
    one archive without the decisions would be another evidence."""
    action = actions.READ_ARCHIVE
    citation = await find_allowed(dependencies, principal, citation_id, action)
    async with dependencies.database.transaction() as session:
        shown = await blind(session, citation, principal)
        if shown.is_second_look or shown.is_outcome_hidden:
            raise Conflict(
                "it is to be decided again: its archive would show the first decision",
                type="second-look-open",
            )
        if shown.is_plate_hidden:
            raise Conflict(
                "its plate is to be read again: its archive would show the first reading",
                type="correction-open",
            )
        await record(session, principal, action, [citation], query=query_of(dependencies, citation))
        evidence = _evidence_of(citation)
        decisions = await decision_statements.of(session, citation_id)
    return archive_of(citation_id, evidence, tuple(decisions))


async def _read(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, action: Action
) -> EvidenceRecord:
    citation = await find_allowed(dependencies, principal, citation_id, action)
    async with dependencies.database.transaction() as session:
        await record(session, principal, action, [citation], query=query_of(dependencies, citation))
    return _evidence_of(citation)


def _evidence_of(citation: StoredCitation) -> EvidenceRecord:
    if citation.evidence is None:
        raise NotFound("this citation has no evidence: a rule rejected it")
    return citation.evidence
