"""Events of tickets, made here alone: the same facts give the same event in every use case."""

from datetime import datetime
from typing import Any
from uuid import UUID

from payesh.contracts import (
    CitationClosed,
    CitationDrafted,
    CitationIssued,
    CitationObjected,
    CitationRejected,
    ViolationDetected,
)
from payesh.contracts.plate_text import layout_of
from payesh.contracts.values import Plate
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.adapters.violations import citation_id_of
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.evidence.joined_case import JoinedCase
from payesh.tickets.evidence.record import EvidenceRecord


def citation_drafted(
    case: JoinedCase, evidence: EvidenceRecord, drafted_at: datetime
) -> CitationDrafted:
    """Raises ValueError for a case whose read has no plate."""
    violation, plate = case.violation, case.read.plate
    if plate is None:
        raise ValueError("a citation cannot be drafted without a plate")
    return CitationDrafted(
        **_place(violation),
        captured_at=violation.captured_at,
        clock_source=violation.clock_source,
        clock_u95_ms=violation.clock_u95_ms,
        citation_id=case.citation_id,
        violation_id=violation.violation_id,
        passage_id=violation.passage_id,
        rule=violation.rule,
        plate=plate,
        measurement=violation.measurement,
        law=case.law,
        manifest=evidence.manifest,
        clip=evidence.clip,
        drafted_at=drafted_at,
    )


def citation_issued(citation: StoredCitation) -> CitationIssued:
    """Of a citation that stands issued. Raises ValueError for one that does not."""
    standing = citation.standing
    if standing.number is None or standing.decided_by is None or standing.decided_at is None:
        raise ValueError("an issued citation has a number, an officer and a time")
    if citation.law is None:
        raise ValueError("a draft always carries its law")
    return CitationIssued(
        **_place(citation),
        citation_id=citation.citation_id,
        number=standing.number,
        law=citation.law,
        officer=standing.decided_by,
        issued_at=standing.decided_at,
        plate=_corrected_plate(citation),
    )


def citation_rejected(citation: StoredCitation) -> CitationRejected:
    """Of a citation that an officer rejected. Raises ValueError for one that stands elsewhere."""
    standing = citation.standing
    if standing.reason is None or standing.decided_at is None:
        raise ValueError("a rejected citation has a reason and a time")
    return CitationRejected(
        **_place(citation),
        citation_id=citation.citation_id,
        violation_id=citation.violation_id,
        reason=standing.reason,
        officer=standing.decided_by,
        rejected_at=standing.decided_at,
    )


def citation_objected(
    citation: StoredCitation, objection_id: UUID, objected_at: datetime
) -> CitationObjected:
    """Of a citation that stands objected; `objected_at` is when the objection was received."""
    return CitationObjected(
        **_place(citation),
        citation_id=citation.citation_id,
        objection_id=objection_id,
        objected_at=objected_at,
    )


def citation_closed(citation: StoredCitation, reason: str, closed_at: datetime) -> CitationClosed:
    """Of a citation of which nothing more is owed or decided: it is void, or was paid or
    cancelled."""
    return CitationClosed(
        **_place(citation),
        citation_id=citation.citation_id,
        reason=reason,
        closed_at=closed_at,
    )


def violation_rejected(
    violation: ViolationDetected, reason: Rejection, rejected_at: datetime
) -> CitationRejected:
    """Of a violation that a rule rejected, before any officer saw it."""
    return CitationRejected(
        **_place(violation),
        citation_id=citation_id_of(violation.violation_id),
        violation_id=violation.violation_id,
        reason=reason,
        officer=None,
        rejected_at=rejected_at,
    )


def _corrected_plate(citation: StoredCitation) -> Plate | None:
    standing = citation.standing
    text = standing.plate_text
    if text is None or standing.correction is None or not standing.correction.is_confirmed:
        return None
    return Plate(layout=layout_of(text), text=text)


def _place(what: ViolationDetected | StoredCitation) -> dict[str, Any]:
    return {
        "camera_id": what.camera_id,
        "county": what.county,
        "road_class": what.road_class,
        "place_class": what.place_class,
    }
