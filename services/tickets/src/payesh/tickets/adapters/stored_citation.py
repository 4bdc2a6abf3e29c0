"""A citation as a row of the table: its type, and how a row becomes one."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from payesh.contracts.tickets import LawReference
from payesh.contracts.values import (
    MEASUREMENT,
    Certificate,
    ClockSource,
    Measurement,
    PlaceClass,
    RoadClass,
    format_utc,
)
from payesh.tickets.domain.law import UNKNOWN_CODE
from payesh.tickets.domain.life import shown_state
from payesh.tickets.domain.readings import Correction
from payesh.tickets.domain.standing import Hold, Standing
from payesh.tickets.evidence.record import EvidenceRecord


@dataclass(frozen=True, slots=True)
class PlacedHold:
    """A hold that lasts, of a kind of `domain/holds.py`. `facts` are what it rests on."""

    kind: str
    placed_at: datetime
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredCitation:
    """One row; `now` is the database's time when it was read. `exempt_under` is the exemption for
    which the draft is held, `same_as` the citation of whose offence this is a further sighting. The
    last seven are set where a person reads it: whether its camera is suspended, whether it is shown
    to be decided again, whether what was decided is hidden, whether its plate is hidden, which the
    reader is to read, further sightings of it, the holds of it that last, and why the owner of an
    issued one was not notified by message yet."""

    citation_id: UUID
    violation_id: UUID
    passage_id: UUID
    camera_id: str
    county: str
    road_class: RoadClass
    place_class: PlaceClass
    captured_at: datetime
    clock_source: ClockSource
    clock_u95_ms: float
    rule: str
    vehicle_class: str
    lane: str | None
    measurement: Measurement
    certificate: Certificate | None
    standing: Standing
    plate_layout: str | None
    plate_confidence: float | None
    law: LawReference | None
    evidence: EvidenceRecord | None
    created_at: datetime
    now: datetime
    exempt_under: UUID | None = None
    same_as: UUID | None = None
    camera_suspended: bool = False
    is_second_look: bool = False
    only_warns: bool = False
    is_outcome_hidden: bool = False
    is_plate_hidden: bool = False
    seen_again: tuple[UUID, ...] = ()
    holds: tuple[PlacedHold, ...] = ()
    not_notified: str | None = None

    @property
    def state(self) -> str:
        """The state that people see at `now`."""
        return shown_state(self.standing, self.now)

    @property
    def is_priced(self) -> bool:
        """Whether the law that priced it has an amount and a code for its offence."""
        law = self.law
        return law is not None and law.amount_rial is not None and law.offence_code != UNKNOWN_CODE

    @property
    def holder(self) -> str | None:
        """The officer whose claim holds at `now`."""
        return self.standing.holder(self.now)

    @property
    def claimed_until(self) -> datetime | None:
        """When the claim that holds at `now` runs out."""
        hold = self.standing.hold
        return hold.until if hold is not None and self.holder is not None else None


def standing_columns(standing: Standing) -> dict[str, Any]:
    """The columns in which a standing is stored, with their values."""
    hold = standing.hold
    return {
        "state": standing.state,
        "reason": standing.reason,
        "plate_text": standing.plate_text,
        "claimed_by": hold.officer if hold is not None else None,
        "claimed_until": hold.until if hold is not None else None,
        "decided_by": standing.decided_by,
        "decided_at": standing.decided_at,
        "number": standing.number,
        "final_at": standing.final_at,
        "returned_by": standing.returned_by,
        "returned_to": standing.returned_to,
        "note": standing.note,
        "owed_rial": standing.owed_rial,
        "object_until": standing.object_until,
        "due_at": standing.due_at,
        "is_doubled": standing.is_doubled,
        "correction": _correction_json(standing.correction),
    }


def citation_of(row: Row[Any]) -> StoredCitation:
    """`row` has every column of the table, and `now`."""
    return StoredCitation(
        citation_id=row.citation_id,
        violation_id=row.violation_id,
        passage_id=row.passage_id,
        camera_id=row.camera_id,
        county=row.county,
        road_class=RoadClass(row.road_class),
        place_class=PlaceClass(row.place_class),
        captured_at=row.captured_at,
        clock_source=ClockSource(row.clock_source),
        clock_u95_ms=row.clock_u95_ms,
        rule=row.rule,
        vehicle_class=row.vehicle_class,
        lane=row.lane,
        measurement=MEASUREMENT.validate_python(row.measurement, strict=False),
        certificate=Certificate.model_validate(row.certificate) if row.certificate else None,
        standing=_standing(row),
        plate_layout=row.plate_layout,
        plate_confidence=row.plate_confidence,
        law=LawReference.model_validate(row.law) if row.law else None,
        evidence=EvidenceRecord.of_stored(row.evidence) if row.evidence else None,
        created_at=row.created_at,
        now=row.now,
        exempt_under=row.exempt_under,
        same_as=row.same_as,
    )


def _standing(row: Row[Any]) -> Standing:
    is_claimed = row.claimed_by is not None and row.claimed_until is not None
    return Standing(
        state=row.state,
        plate_text=row.plate_text,
        hold=Hold(row.claimed_by, row.claimed_until) if is_claimed else None,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        number=row.number,
        final_at=row.final_at,
        returned_by=row.returned_by,
        returned_to=row.returned_to,
        note=row.note,
        owed_rial=row.owed_rial,
        object_until=row.object_until,
        due_at=row.due_at,
        is_doubled=row.is_doubled,
        correction=_correction(row.correction),
    )


def _correction_json(correction: Correction | None) -> dict[str, Any] | None:
    if correction is None:
        return None
    found = asdict(correction)
    moments = ("at", "second_at")
    return found | {name: format_utc(found[name]) for name in moments if found[name] is not None}


def _correction(stored: dict[str, Any] | None) -> Correction | None:
    if stored is None:
        return None
    moments = ("at", "second_at")
    read = {name: datetime.fromisoformat(stored[name]) for name in moments if stored[name]}
    return Correction(**{**stored, **read})
