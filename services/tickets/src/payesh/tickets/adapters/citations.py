"""Citations in the database. What lists them takes the reader's bounds.

SQL stores where a citation stands; how it gets there is decided in `domain/standing.py`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import ViolationDetected
from payesh.contracts.values import Plate
from payesh.kit.bounds import within
from payesh.kit.errors import Conflict
from payesh.kit.principal import Bounds
from payesh.tickets.adapters.second_looks import shown_blind
from payesh.tickets.adapters.stored_citation import (
    StoredCitation,
    citation_of,
    standing_columns,
)
from payesh.tickets.adapters.tables import bundle_jobs, citations
from payesh.tickets.domain import life
from payesh.tickets.domain.desk import DRAFTED, drafted, rejected_by_rule, seen_again
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.domain.standing import Standing
from payesh.tickets.evidence.joined_case import JoinedCase
from payesh.tickets.evidence.record import EvidenceRecord

_IS_KNOWN = select(
    or_(
        *(
            exists().where(each.c.violation_id == bindparam("violation_id"))
            for each in (citations, bundle_jobs)
        )
    )
)


async def is_known(session: AsyncSession, violation_id: UUID) -> bool:
    """Whether a violation has a citation, or one that is being bundled."""
    return bool(await session.scalar(_IS_KNOWN, {"violation_id": violation_id}))


async def add_drafted(
    session: AsyncSession, case: JoinedCase, evidence: EvidenceRecord
) -> StoredCitation | None:
    """Store a draft, and return it, or None when this violation has a citation.

    Raises ValueError for a case whose read has no plate.
    """
    columns = standing_columns(drafted(_plate_of(case).text))
    added = _add(**_case_facts(case, evidence), **columns)
    returned = added.returning(citations, func.clock_timestamp().label("now"))
    row = (await session.execute(returned)).one_or_none()
    return None if row is None else citation_of(row)


async def add_seen_again(
    session: AsyncSession, case: JoinedCase, evidence: EvidenceRecord, *, same_as: UUID
) -> datetime | None:
    """Store a further sighting of another citation's offence; when, or None when it has a
    citation."""
    columns = standing_columns(seen_again(_plate_of(case).text)) | {"decided_at": func.now()}
    return await _when(session, _add(**_case_facts(case, evidence), **columns, same_as=same_as))


async def add_rejected(
    session: AsyncSession, citation_id: UUID, violation: ViolationDetected, reason: Rejection
) -> datetime | None:
    """Store what a rule rejected, without its plate; when, or None when it has a citation."""
    columns = standing_columns(rejected_by_rule(reason)) | {"decided_at": func.now()}
    return await _when(session, _add(**_facts(citation_id, violation), **columns))


async def find(session: AsyncSession, citation_id: UUID) -> StoredCitation | None:
    """One citation wherever it lies: the caller must compare it with the reader's bounds."""
    return await _one(session, citation_id, lock=False)


async def lock(session: AsyncSession, citation_id: UUID) -> StoredCitation | None:
    """As `find`, holding the row until the transaction ends."""
    return await _one(session, citation_id, lock=True)


async def page(
    session: AsyncSession,
    bounds: Bounds,
    *,
    state: str | None,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    looker: str | None = None,
) -> Sequence[StoredCitation]:
    """Citations in order of drafting, at most `limit`, from behind `after`; with `state`, those
    that people see in it, `looker` being one who may be given second looks."""
    shown = _shown_as(state)
    if state is not None and looker is not None:
        shown = shown_blind(shown, state, looker)
    query = _select(func.now()).where(within(citations, bounds), shown)
    if after is not None:
        position = tuple_(citations.c.created_at, citations.c.citation_id)
        query = query.where(position > tuple_(*after))
    query = query.order_by(citations.c.created_at, citations.c.citation_id).limit(limit)
    return [citation_of(row) for row in await session.execute(query)]


async def queue(
    session: AsyncSession, bounds: Bounds, *, officer: str, limit: int
) -> Sequence[StoredCitation]:
    """What this officer may work on: drafts that are free or claimed by the officer."""
    mine = and_(citations.c.state == DRAFTED.name, citations.c.claimed_by == officer)
    query = (
        _select(func.now())
        .where(within(citations, bounds), or_(_shown_as(DRAFTED.name), mine))
        .order_by(citations.c.created_at, citations.c.citation_id)
        .limit(limit)
    )
    return [citation_of(row) for row in await session.execute(query)]


async def lock_next(
    session: AsyncSession, bounds: Bounds, *, officer: str, beside: Collection[UUID]
) -> StoredCitation | None:
    """The draft that this officer is to work on next, locked until the transaction ends; none of
    `beside`. What the officer holds already comes first, then what a supervisor gave back to the
    officer, then what is free: priced before unpriced, the earlier day before the later, the dearer
    offence of a day before the cheaper.

    Rows that another transaction is taking are passed over, so that no two officers wait for, or
    get, the same one.
    """
    mine = and_(citations.c.state == DRAFTED.name, citations.c.claimed_by == officer)
    amount = cast(citations.c.law["amount_rial"].astext, BigInteger)
    day = func.date_trunc("day", citations.c.captured_at)
    row = await session.execute(
        _select(func.clock_timestamp())
        .where(
            within(citations, bounds),
            or_(_shown_as(DRAFTED.name), mine),
            citations.c.citation_id.not_in(beside),
        )
        .order_by(
            mine.desc().nulls_last(),  # a free draft is held by null
            citations.c.returned_to.is_not_distinct_from(officer).desc(),
            amount.is_(None),
            day,
            amount.desc(),
            citations.c.captured_at,
            citations.c.citation_id,
        )
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = row.one_or_none()
    return None if found is None else citation_of(found)


async def queued_ids(
    session: AsyncSession, bounds: Bounds, *, officer: str, limit: int
) -> Sequence[UUID]:
    """The ids of `queue`, in its order."""
    mine = and_(citations.c.state == DRAFTED.name, citations.c.claimed_by == officer)
    query = (
        select(citations.c.citation_id)
        .where(within(citations, bounds), or_(_shown_as(DRAFTED.name), mine))
        .order_by(citations.c.created_at, citations.c.citation_id)
        .limit(limit)
    )
    return list(await session.scalars(query))


async def count_claimable(session: AsyncSession, bounds: Bounds) -> int:
    query = select(func.count()).select_from(citations)
    return int(
        await session.scalar(query.where(within(citations, bounds), _shown_as(DRAFTED.name))) or 0
    )


async def save(
    session: AsyncSession, citation_id: UUID, new: Standing, *, expected: Standing
) -> None:
    """Store where the citation stands now. Raises Conflict `changed-meanwhile` when it no longer
    stands where the transition began, at `expected`."""
    unchanged = [
        citations.c[name].is_not_distinct_from(value)
        for name, value in standing_columns(expected).items()
    ]
    saved = await session.scalar(
        update(citations)
        .where(citations.c.citation_id == citation_id, *unchanged)
        .values(**standing_columns(new))
        .returning(citations.c.citation_id)
    )
    if saved is None:
        raise Conflict("this citation was changed meanwhile", type="changed-meanwhile")


async def set_evidence(session: AsyncSession, citation_id: UUID, evidence: EvidenceRecord) -> None:
    await session.execute(
        update(citations)
        .where(citations.c.citation_id == citation_id)
        .values(evidence=evidence.model_dump(mode="json"))
    )


def _plate_of(case: JoinedCase) -> Plate:
    if case.read.plate is None:
        raise ValueError("a citation cannot be drafted without a plate")
    return case.read.plate


def _case_facts(case: JoinedCase, evidence: EvidenceRecord) -> dict[str, Any]:
    return _facts(case.citation_id, case.violation) | {
        "plate_layout": _plate_of(case).layout,
        "plate_confidence": case.read.confidence,
        "law": case.law.model_dump(mode="json"),
        "evidence": evidence.model_dump(mode="json"),
    }


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


def _add(**values: Any) -> Insert:
    return insert(citations).values(**values).on_conflict_do_nothing()


async def _when(session: AsyncSession, added: Insert) -> datetime | None:
    created: datetime | None = await session.scalar(added.returning(citations.c.created_at))
    return created


def _select(now: ColumnElement[datetime]) -> Select[Any]:
    """Every column; `now` is what counts as the database's time."""
    return select(citations, now.label("now"))


async def _one(session: AsyncSession, citation_id: UUID, *, lock: bool) -> StoredCitation | None:
    # clock_timestamp, not now(): the wait for the lock may have outlived a claim.
    query = _select(func.clock_timestamp()).where(citations.c.citation_id == citation_id)
    if lock:
        query = query.with_for_update()
    row = (await session.execute(query)).one_or_none()
    return None if row is None else citation_of(row)


def _shown_as(name: str | None) -> ColumnElement[bool]:
    """Rows in the state of this name as people see it; None: all. The database's clock decides
    whether a claim holds."""
    if name is None:
        return true()
    is_held = and_(
        citations.c.claimed_by.is_not(None), citations.c.claimed_until > func.clock_timestamp()
    )
    for state in life.states().values():
        if name == state.held_as:
            return and_(citations.c.state == state.name, is_held)
        if name == state.name and state.held_as is not None:
            return and_(citations.c.state == state.name, is_held.is_not(true()))
    return citations.c.state == name
