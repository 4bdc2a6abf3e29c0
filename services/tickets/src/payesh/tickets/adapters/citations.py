"""Citations as stored. Whatever reads them takes the reader's bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import PlateRead, ViolationDetected
from payesh.contracts.tickets import LawReference
from payesh.contracts.values import MEASUREMENT, ClockSource, Measurement, PlaceClass, RoadClass
from payesh.kit.authorization import Bounds
from payesh.kit.bounds import within
from payesh.tickets.adapters.evidence_record import EvidenceRecord
from payesh.tickets.adapters.tables import citation_serials, citations
from payesh.tickets.domain.citation import Rejection, Standing, State


@dataclass(frozen=True)
class StoredCitation:
    """One row; `now` is the database's clock, which alone decides whether a claim holds."""

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
    certificate: Mapping[str, Any] | None
    standing: Standing
    reason: str | None
    plate_layout: str | None
    plate_confidence: float | None
    law: LawReference | None
    evidence: EvidenceRecord | None
    created_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    number: str | None
    now: datetime

    @property
    def state(self) -> State:
        return self.standing.at(self.now)

    @property
    def plate_text(self) -> str | None:
        return self.standing.plate_text


async def exists_for(session: AsyncSession, violation_id: UUID) -> bool:
    return bool(
        await session.scalar(select(exists().where(citations.c.violation_id == violation_id)))
    )


async def add_drafted(
    session: AsyncSession,
    citation_id: UUID,
    violation: ViolationDetected,
    read: PlateRead,
    law: LawReference,
    evidence: EvidenceRecord,
) -> datetime | None:
    """Store a draft; the moment it was drafted, or None when this violation has a citation."""
    return await _add(
        session,
        **_facts(citation_id, violation),
        state=State.DRAFTED,
        plate_layout=read.plate.layout if read.plate else None,
        plate_text=read.plate.text if read.plate else None,
        plate_confidence=read.confidence,
        law=law.model_dump(mode="json"),
        evidence=evidence.model_dump(mode="json"),
    )


async def add_rejected(
    session: AsyncSession, citation_id: UUID, violation: ViolationDetected, reason: Rejection
) -> datetime | None:
    """Store what a rule rejected, without its plate; None when it has a citation already."""
    return await _add(
        session,
        **_facts(citation_id, violation),
        state=State.REJECTED,
        reason=reason,
        decided_at=func.now(),
    )


async def find(session: AsyncSession, citation_id: UUID) -> StoredCitation | None:
    """One citation whatever its place: the caller must judge it against the reader's bounds."""
    return await _one(session, citation_id, lock=False)


async def lock(session: AsyncSession, citation_id: UUID) -> StoredCitation | None:
    """As `find`, holding the row until the transaction ends."""
    return await _one(session, citation_id, lock=True)


async def page(
    session: AsyncSession,
    bounds: Bounds,
    *,
    state: State | None,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> Sequence[StoredCitation]:
    """Citations in order of drafting, at most `limit`, from behind `after`."""
    query = select(citations, func.now().label("now")).where(
        within(citations, bounds), _in_state(state)
    )
    if after is not None:
        position = tuple_(citations.c.created_at, citations.c.citation_id)
        query = query.where(position > tuple_(*after))
    query = query.order_by(citations.c.created_at, citations.c.citation_id).limit(limit)
    return [_stored(row) for row in await session.execute(query)]


async def queue(
    session: AsyncSession, bounds: Bounds, *, officer: str, limit: int
) -> Sequence[StoredCitation]:
    """What this officer may work on: drafts that are free or claimed by the officer."""
    mine = and_(citations.c.state == State.DRAFTED, citations.c.claimed_by == officer)
    query = (
        select(citations, func.now().label("now"))
        .where(within(citations, bounds), or_(_in_state(State.DRAFTED), mine))
        .order_by(citations.c.created_at, citations.c.citation_id)
        .limit(limit)
    )
    return [_stored(row) for row in await session.execute(query)]


async def count_claimable(session: AsyncSession, bounds: Bounds) -> int:
    query = select(func.count()).select_from(citations)
    return int(
        await session.scalar(query.where(within(citations, bounds), _in_state(State.DRAFTED))) or 0
    )


async def set_claim(
    session: AsyncSession, citation_id: UUID, officer: str, lease: timedelta
) -> datetime:
    """Give the locked row to `officer`; when the claim runs out."""
    until: datetime = await session.scalar(
        _change(citation_id)
        .values(claimed_by=officer, claimed_until=func.now() + lease)
        .returning(citations.c.claimed_until)
    )
    return until


async def clear_claim(session: AsyncSession, citation_id: UUID) -> None:
    await session.execute(_change(citation_id).values(claimed_by=None, claimed_until=None))


async def set_issued(
    session: AsyncSession, citation_id: UUID, *, officer: str, number: str, at: datetime
) -> None:
    await session.execute(
        _change(citation_id).values(
            state=State.ISSUED, number=number, decided_by=officer, decided_at=at
        )
    )


async def set_rejected(
    session: AsyncSession, citation_id: UUID, *, officer: str, reason: Rejection, at: datetime
) -> None:
    await session.execute(
        _change(citation_id).values(
            state=State.REJECTED, reason=reason, decided_by=officer, decided_at=at
        )
    )


async def set_evidence(session: AsyncSession, citation_id: UUID, evidence: EvidenceRecord) -> None:
    await session.execute(_change(citation_id).values(evidence=evidence.model_dump(mode="json")))


async def next_serial(session: AsyncSession, jalali_year: int) -> int:
    """The year's next serial. Its row stays locked until the issuing commits, and a roll-back
    gives the serial back: unlike a sequence, it leaves no gap."""
    serial: int = await session.scalar(
        insert(citation_serials)
        .values(jalali_year=jalali_year, last_serial=1)
        .on_conflict_do_update(
            index_elements=["jalali_year"],
            set_={"last_serial": citation_serials.c.last_serial + 1},
        )
        .returning(citation_serials.c.last_serial)
    )
    return serial


def _facts(citation_id: UUID, violation: ViolationDetected) -> dict[str, Any]:
    certificate = violation.certificate
    return {
        "citation_id": citation_id,
        "violation_id": violation.violation_id,
        "passage_id": violation.passage_id,
        "camera_id": violation.camera_id,
        "county": violation.county,
        "road_class": violation.road_class,
        "place_class": violation.place_class,
        "captured_at": violation.captured_at,
        "clock_source": violation.clock_source,
        "clock_u95_ms": violation.clock_u95_ms,
        "rule": violation.rule,
        "vehicle_class": violation.vehicle.vehicle_class,
        "lane": violation.lane,
        "measurement": violation.measurement.model_dump(mode="json"),
        "certificate": certificate.model_dump(mode="json") if certificate else None,
    }


async def _add(session: AsyncSession, **values: Any) -> datetime | None:
    created: datetime | None = await session.scalar(
        insert(citations)
        .values(**values)
        .on_conflict_do_nothing()
        .returning(citations.c.created_at)
    )
    return created


async def _one(session: AsyncSession, citation_id: UUID, *, lock: bool) -> StoredCitation | None:
    query = select(citations, func.clock_timestamp().label("now")).where(
        citations.c.citation_id == citation_id
    )
    if lock:
        # clock_timestamp, not now(): the wait for the lock may have outlived a claim.
        query = query.with_for_update()
    row = (await session.execute(query)).one_or_none()
    return None if row is None else _stored(row)


def _change(citation_id: UUID) -> Any:
    return update(citations).where(citations.c.citation_id == citation_id)


def _in_state(state: State | None) -> ColumnElement[bool]:
    claimed = and_(
        citations.c.claimed_by.is_not(None), citations.c.claimed_until > func.clock_timestamp()
    )
    match state:
        case None:
            return true()
        case State.DRAFTED:
            free = or_(
                citations.c.claimed_by.is_(None),
                citations.c.claimed_until <= func.clock_timestamp(),
            )
            return and_(citations.c.state == State.DRAFTED, free)
        case State.CLAIMED:
            return and_(citations.c.state == State.DRAFTED, claimed)
        case _:
            return citations.c.state == state


def _stored(row: Row[Any]) -> StoredCitation:
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
        certificate=row.certificate,
        standing=Standing(
            state=State(row.state),
            claimed_by=row.claimed_by,
            claimed_until=row.claimed_until,
            plate_text=row.plate_text,
        ),
        reason=row.reason,
        plate_layout=row.plate_layout,
        plate_confidence=row.plate_confidence,
        law=LawReference.model_validate(row.law) if row.law else None,
        evidence=EvidenceRecord.model_validate(row.evidence) if row.evidence else None,
        created_at=row.created_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        number=row.number,
        now=row.now,
    )
