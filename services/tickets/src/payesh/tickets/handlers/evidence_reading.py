"""Reading the evidence of a citation: where each part lies. Each reading is recorded.

Raises NotFound for an unknown citation, one without evidence and one without that part, and
Forbidden for a citation outside the principal's bounds.
"""

from collections.abc import Sequence
from uuid import UUID

from payesh.contracts.event import deterministic_id
from payesh.contracts.values import ObjectReference
from payesh.kit.errors import Conflict, NotFound
from payesh.kit.principal import Principal
from payesh.tickets.adapters import decision_statements
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.evidence import openings
from payesh.tickets.evidence.manifest import name_in_bundle
from payesh.tickets.evidence.packing import Archive, archive_of
from payesh.tickets.evidence.record import EntryRecord, EvidenceRecord
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.actions import Action
from payesh.tickets.handlers.audited import find_allowed, query_of, record
from payesh.tickets.handlers.blinding import blind


async def find_clip(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, *, whole: bool
) -> ObjectReference:
    """The clip. All of it is recorded each time, ranges of it once an opening."""
    action = actions.READ_CLIP
    citation = await _open_clip(dependencies, principal, citation_id, action, citation_id, whole)
    return _evidence_of(citation).clip


async def find_entry_clip(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, *, whole: bool
) -> ObjectReference:
    """The clip of the camera where a stretch begins, recorded as the other one is."""
    action, opening = actions.READ_ENTRY_CLIP, deterministic_id("entry clip", citation_id)
    citation = await _open_clip(dependencies, principal, citation_id, action, opening, whole)
    return _entry_of(_evidence_of(citation)).clip


async def _open_clip(
    dependencies: Dependencies,
    principal: Principal,
    citation_id: UUID,
    action: Action,
    opening: UUID,
    whole: bool,
) -> StoredCitation:
    citation = await find_allowed(dependencies, principal, citation_id, action)
    async with dependencies.database.transaction() as session:
        is_new = await openings.begin(session, opening, principal, lasts=dependencies.clip_opening)
        if whole or is_new:
            await record(
                session, principal, action, [citation], query=query_of(dependencies, citation)
            )
    return citation


async def find_shot(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, number: int
) -> ObjectReference:
    """A picture of the vehicle, numbered from 0."""
    evidence = await _read(dependencies, principal, citation_id, actions.READ_SHOT)
    return _numbered(evidence.shots, number)


async def find_entry_shot(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, number: int
) -> ObjectReference:
    """A picture of the vehicle where a stretch begins, numbered from 0."""
    evidence = await _read(dependencies, principal, citation_id, actions.READ_ENTRY_SHOT)
    return _numbered(_entry_of(evidence).shots, number)


async def find_manifest(
    dependencies: Dependencies, principal: Principal, citation_id: UUID
) -> ObjectReference:
    return (await _read(dependencies, principal, citation_id, actions.READ_MANIFEST)).manifest


async def find_document(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, name: str
) -> ObjectReference:
    """A document that the manifest lists, by its name in the bundle."""
    evidence = await _read(dependencies, principal, citation_id, actions.read_document(name))
    entry = () if evidence.entry is None else evidence.entry.others
    for reference in (*evidence.others, *entry):
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
        decisions = await decision_statements.with_stamps(session, citation_id)
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


def _entry_of(evidence: EvidenceRecord) -> EntryRecord:
    if evidence.entry is None:
        raise NotFound("no stretch begins at another camera: one camera alone saw it")
    return evidence.entry


def _numbered(shots: Sequence[ObjectReference], number: int) -> ObjectReference:
    if number >= len(shots):
        raise NotFound("no such shot")
    return shots[number]
