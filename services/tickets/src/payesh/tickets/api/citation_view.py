"""A citation as the API answers with it."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from payesh.contracts.plate_text import layout_of
from payesh.contracts.plates import SecondOpinion
from payesh.contracts.tickets import LawReference
from payesh.contracts.values import Certificate, Measurement
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.api.evidence_view import EvidenceView
from payesh.tickets.domain import life
from payesh.tickets.domain.holds import MEANINGS, HoldKind
from payesh.tickets.domain.readings import Correction

StateName = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,63}$",
        description="A state of a citation. States are added without a new version: treat one that "
        "you do not know as one that permits nothing.",
        json_schema_extra={"x-vocabulary": dict(life.vocabulary())},
    ),
]
"""An identifier, not a closed list; the known ones are published with their meaning."""


class PlateView(BaseModel):
    """`confidence` is the reader's, null of a plate that two officers corrected."""

    layout: str
    text: str
    confidence: float | None


class SecondReadingView(BaseModel):
    """What a second reader read of the plate in the same picture; `text` has `?` for what it could
    not read, and is null where it read nothing. `confidence` is its own measure."""

    text: str | None
    confidence: float
    reader: str


class CorrectionView(BaseModel):
    """`drafted` is what the reader read, `plate` what the officer `by` read, from the picture of
    that SHA-256. What the second officer read is null until then, and `second_plate` where that
    officer read none. It counts where both read the same."""

    drafted: str
    plate: str
    by: str
    at: datetime
    reason: str
    picture_sha256: str
    second_by: str | None
    second_at: datetime | None
    second_plate: str | None
    second_note: str | None


class CertificateView(BaseModel):
    number: str
    issued_by: str
    valid_from: datetime
    valid_to: datetime


class HoldView(BaseModel):
    """Why a draft is held; it is not issued while one lasts. `facts` are what it rests on: names
    and values by kind."""

    kind: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9_]{0,31}$",
            description="Why. Kinds are added without a new version.",
            json_schema_extra={"x-vocabulary": {str(kind): MEANINGS[kind] for kind in HoldKind}},
        ),
    ]
    placed_at: datetime
    facts: dict[str, str | int | float | None]


class CitationView(BaseModel):
    """`reason` is why it was rejected; `number` is given when it is issued. A decision can be
    undone until `final_at`. `returned_by`, `returned_to` and `note` are of the last time it was
    returned, given back or its plate corrected; `note` is also why it was voided, or how an
    objection was decided. `plate` is null of a corrected one while the reader is to read it. Once
    the owner is notified, `owed_rial` is owed, an objection is heard before `object_until`, and the
    law moves the citation on at `due_at`. `exempt_under` is the exemption for
    which the draft is held: it is not issued. `same_as` is the citation that stands for the offence
    of which this is a further sighting; `seen_again` are further sightings and `holds` what else it
    is held for, where one citation is read. `second_reading` is of the violation's own read,
    `entry_second_reading` of the one where an average speed begins: null where none was made, and
    where the plate is."""

    citation_id: UUID
    violation_id: UUID
    passage_id: UUID
    state: StateName
    reason: str | None
    camera_id: str
    county: str
    road_class: str
    place_class: str
    place_name: str | None
    captured_at: datetime
    clock_source: str
    clock_u95_ms: float
    rule: str
    vehicle_class: str
    lane: str | None
    plate: PlateView | None
    second_reading: SecondReadingView | None = None
    entry_second_reading: SecondReadingView | None = None
    measurement: Measurement
    certificate: CertificateView | None
    law: LawReference | None
    evidence: EvidenceView | None
    created_at: datetime
    claimed_by: str | None
    claimed_until: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    number: str | None
    final_at: datetime | None = None
    returned_by: str | None = None
    returned_to: str | None = None
    note: str | None = None
    owed_rial: int | None = None
    object_until: datetime | None = None
    due_at: datetime | None = None
    is_doubled: bool = False
    correction: CorrectionView | None = None
    exempt_under: UUID | None = None
    same_as: UUID | None = None
    seen_again: list[UUID] = []
    holds: list[HoldView] = []


def view(citation: StoredCitation) -> CitationView:
    standing, evidence = citation.standing, citation.evidence
    seconds = () if evidence is None or citation.is_plate_hidden else evidence.second_opinions
    second, entry_second, *_ = (*map(_second_reading, seconds), None, None)
    return CitationView(
        citation_id=citation.citation_id,
        violation_id=citation.violation_id,
        passage_id=citation.passage_id,
        state=citation.state,
        reason=standing.reason,
        camera_id=citation.camera_id,
        county=citation.county,
        road_class=citation.road_class,
        place_class=citation.place_class,
        place_name=evidence.place_name if evidence else None,
        captured_at=citation.captured_at,
        clock_source=citation.clock_source,
        clock_u95_ms=citation.clock_u95_ms,
        rule=citation.rule,
        vehicle_class=citation.vehicle_class,
        lane=citation.lane,
        plate=_plate(citation),
        second_reading=second,
        entry_second_reading=entry_second,
        measurement=citation.measurement,
        certificate=_certificate(citation.certificate),
        law=citation.law,
        evidence=None if evidence is None else EvidenceView.of(evidence),
        created_at=citation.created_at,
        claimed_by=citation.holder,
        claimed_until=citation.claimed_until,
        decided_by=standing.decided_by,
        decided_at=standing.decided_at,
        number=standing.number,
        final_at=standing.final_at,
        returned_by=standing.returned_by,
        returned_to=standing.returned_to,
        note=standing.note,
        owed_rial=standing.owed_rial,
        object_until=standing.object_until,
        due_at=standing.due_at,
        is_doubled=standing.is_doubled,
        correction=_correction(standing.correction),
        exempt_under=citation.exempt_under,
        same_as=citation.same_as,
        seen_again=list(citation.seen_again),
        holds=[HoldView(**asdict(each)) for each in citation.holds],
    )


def _plate(citation: StoredCitation) -> PlateView | None:
    text, layout = citation.standing.plate_text, citation.plate_layout
    if text is None or layout is None or citation.is_plate_hidden:
        return None
    correction = citation.standing.correction
    if correction is not None and correction.is_confirmed:
        return PlateView(layout=layout_of(text), text=text, confidence=None)
    return PlateView(layout=layout, text=text, confidence=citation.plate_confidence or 0.0)


def _second_reading(opinion: SecondOpinion | None) -> SecondReadingView | None:
    if opinion is None:
        return None
    return SecondReadingView(
        text=opinion.text, confidence=opinion.confidence, reader=opinion.reader
    )


def _correction(correction: Correction | None) -> CorrectionView | None:
    return None if correction is None else CorrectionView(**asdict(correction))


def _certificate(certificate: Certificate | None) -> CertificateView | None:
    return None if certificate is None else CertificateView.model_validate(vars(certificate))
