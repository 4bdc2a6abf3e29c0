"""Exempt vehicles in the database, and the drafts that are held for them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.bounds import within
from payesh.kit.principal import Bounds
from payesh.tickets.adapters.plate_lock import hold_plate
from payesh.tickets.adapters.stored_citation import StoredCitation, citation_of
from payesh.tickets.adapters.tables import citations, exemption_uses, exemptions
from payesh.tickets.domain.correction import CORRECTED
from payesh.tickets.domain.desk import DECIDED, DRAFTED
from payesh.tickets.domain.exemption import Exempted, ExemptionStanding, ExemptionState
from payesh.tickets.domain.jalali_day import jalali_of, jalali_text
from payesh.tickets.domain.supervision import RETURNED
from payesh.tickets.jalali import jalali_day

_WAS_IN_FORCE = (ExemptionState.APPROVED, ExemptionState.ENDED)
_UNDECIDED = (DRAFTED.name, RETURNED.name, CORRECTED.name)


@dataclass(frozen=True, slots=True)
class StoredExemption:
    """One row; `uses` counts the drafts that were held for it."""

    exemption_id: UUID
    about: Exempted
    standing: ExemptionStanding
    proposed_at: datetime
    decided_at: datetime | None
    uses: int


@dataclass(frozen=True, slots=True)
class ExemptionUse:
    """A draft that was held for an exemption; the last three are None unless it was set aside."""

    citation_id: UUID
    used_at: datetime
    set_aside_by: str | None
    set_aside_at: datetime | None
    note: str | None


async def add(
    session: AsyncSession, exemption_id: UUID, about: Exempted, standing: ExemptionStanding
) -> None:
    await session.execute(
        insert(exemptions).values(
            exemption_id=exemption_id,
            plate_text=about.plate,
            county=about.county,
            vehicle_class=about.vehicle_class,
            first_day=jalali_text(about.first),
            last_day=jalali_text(about.last),
            reason=about.reason,
            legal_basis=about.legal_basis,
            **_standing(standing),
        )
    )


async def save(session: AsyncSession, exemption_id: UUID, standing: ExemptionStanding) -> None:
    """Store where it stands now; the caller holds the row's lock."""
    values = _standing(standing)
    if standing.state in (ExemptionState.APPROVED, ExemptionState.REFUSED):
        values["decided_at"] = func.now()
    await session.execute(
        update(exemptions).where(exemptions.c.exemption_id == exemption_id).values(**values)
    )


async def find(
    session: AsyncSession, exemption_id: UUID, *, lock: bool = False
) -> StoredExemption | None:
    """One exemption of any county: the caller must compare it with the reader's bounds."""
    query = _select().where(exemptions.c.exemption_id == exemption_id)
    row = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else _stored(row)


async def page(
    session: AsyncSession, bounds: Bounds, *, limit: int, after: tuple[datetime, UUID] | None
) -> Sequence[StoredExemption]:
    """Those of the bounds' counties and of the whole province, the newest first."""
    key = (exemptions.c.proposed_at, exemptions.c.exemption_id)
    query = _select().where(_of_counties(bounds)).order_by(key[0].desc(), key[1].desc())
    if after is not None:
        query = query.where((key[0] < after[0]) | ((key[0] == after[0]) & (key[1] < after[1])))
    return [_stored(row) for row in await session.execute(query.limit(limit))]


async def uses(
    session: AsyncSession, bounds: Bounds, exemption_id: UUID, *, limit: int = 200
) -> Sequence[ExemptionUse]:
    """Drafts of the bounds that were held for an exemption, the newest first."""
    table = exemption_uses
    rows = await session.execute(
        select(
            table.c.citation_id,
            table.c.used_at,
            table.c.set_aside_by,
            table.c.set_aside_at,
            table.c.note,
        )
        .join(citations, citations.c.citation_id == table.c.citation_id)
        .where(table.c.exemption_id == exemption_id, within(citations, bounds))
        .order_by(table.c.used_at.desc())
        .limit(limit)
    )
    return [ExemptionUse(*row) for row in rows]


async def hold_draft(
    session: AsyncSession, draft: StoredCitation, *, anew: bool = False
) -> UUID | None:
    """Hold a draft where an exemption is in force for it; the exemption that holds it, if any. One
    that was set aside for this draft does not hold it again, unless it is held `anew`.

    The caller holds the plate or the citation's row, so that none is approved beside it.
    """
    if draft.exempt_under is not None:
        return draft.exempt_under
    day = jalali_text(jalali_day(draft.captured_at))
    table, used = exemptions, exemption_uses
    was_set_aside = exists().where(
        used.c.exemption_id == table.c.exemption_id, used.c.citation_id == draft.citation_id
    )
    found: UUID | None = await session.scalar(
        select(table.c.exemption_id)
        .where(
            table.c.plate_text == draft.standing.plate_text,
            table.c.state.in_(_WAS_IN_FORCE),
            or_(table.c.county.is_(None), table.c.county == draft.county),
            or_(table.c.vehicle_class.is_(None), table.c.vehicle_class == draft.vehicle_class),
            table.c.first_day <= day,
            table.c.last_day >= day,
            or_(table.c.ended_at.is_(None), table.c.ended_at > draft.captured_at),
            true() if anew else ~was_set_aside,
        )
        .order_by(table.c.decided_at)
        .limit(1)
    )
    if found is not None:
        await _hold(session, found, draft.citation_id)
    return found


async def hold_earlier_drafts(
    session: AsyncSession, exemption_id: UUID, about: Exempted
) -> Sequence[UUID]:
    """Hold what was drafted before an exemption was approved and is not decided yet. Rows are
    locked, so that an officer who issues one meanwhile is waited for; those of decisions that can
    be undone too, so that undoing one finds the exemption or is found by it."""
    await hold_plate(session, about.plate)
    table = citations
    conditions = [
        table.c.plate_text == about.plate,
        table.c.state.in_([*_UNDECIDED, DECIDED.name]),
        table.c.exempt_under.is_(None),
    ]
    if about.county is not None:
        conditions.append(table.c.county == about.county)
    if about.vehicle_class is not None:
        conditions.append(table.c.vehicle_class == about.vehicle_class)
    rows = await session.execute(
        select(table.c.citation_id, table.c.state, table.c.captured_at)
        .where(*conditions)
        .order_by(table.c.citation_id)
        .with_for_update()
    )
    held = [
        row.citation_id
        for row in rows
        if row.state in _UNDECIDED and about.first <= jalali_day(row.captured_at) <= about.last
    ]
    for citation_id in held:
        await _hold(session, exemption_id, citation_id)
    return held


async def held_drafts(
    session: AsyncSession, bounds: Bounds, *, limit: int
) -> Sequence[StoredCitation]:
    """Drafts of the bounds that are held for an exemption now, the newest first."""
    rows = await session.execute(
        select(citations, func.now().label("now"))
        .where(
            within(citations, bounds),
            citations.c.exempt_under.is_not(None),
            citations.c.state.in_(_UNDECIDED),
        )
        .order_by(citations.c.created_at.desc())
        .limit(limit)
    )
    return [citation_of(row) for row in rows]


async def set_aside(session: AsyncSession, citation_id: UUID, *, by: str, note: str) -> None:
    """The draft is not held any more; that it was, and why not any more, stays on record."""
    held = select(citations.c.exempt_under).where(citations.c.citation_id == citation_id)
    await session.execute(
        update(exemption_uses)
        .where(
            exemption_uses.c.citation_id == citation_id,
            exemption_uses.c.exemption_id == held.scalar_subquery(),
        )
        .values(set_aside_by=by, set_aside_at=func.now(), note=note)
    )
    await session.execute(
        update(citations).where(citations.c.citation_id == citation_id).values(exempt_under=None)
    )


async def hold_anew(session: AsyncSession, draft: StoredCitation, *, by: str, note: str) -> None:
    """Hold a draft, whose plate is another now, for that plate's exemption alone. The caller holds
    the plate."""
    await set_aside(session, draft.citation_id, by=by, note=note)
    await hold_draft(session, replace(draft, exempt_under=None), anew=True)


async def _hold(session: AsyncSession, exemption_id: UUID, citation_id: UUID) -> None:
    # A plate that was corrected and corrected back is held once more for the same exemption.
    again = {"set_aside_by": None, "set_aside_at": None, "note": None}
    await session.execute(
        insert(exemption_uses)
        .values(exemption_id=exemption_id, citation_id=citation_id)
        .on_conflict_do_update(index_elements=["exemption_id", "citation_id"], set_=again)
    )
    await session.execute(
        update(citations)
        .where(citations.c.citation_id == citation_id)
        .values(exempt_under=exemption_id)
    )


def _select() -> Any:
    table, used = exemptions, exemption_uses
    count = select(func.count()).where(used.c.exemption_id == table.c.exemption_id)
    return select(table, count.scalar_subquery().label("uses"))


def _of_counties(bounds: Bounds) -> ColumnElement[bool]:
    if bounds.counties is None:
        return true()
    return or_(exemptions.c.county.is_(None), exemptions.c.county.in_(sorted(bounds.counties)))


def _standing(standing: ExemptionStanding) -> dict[str, Any]:
    return {
        "state": standing.state,
        "proposed_by": standing.proposed_by,
        "decided_by": standing.decided_by,
        "ended_by": standing.ended_by,
        "ended_at": standing.ended_at,
        "note": standing.note,
    }


def _stored(row: Any) -> StoredExemption:
    return StoredExemption(
        exemption_id=row.exemption_id,
        about=Exempted(
            plate=row.plate_text,
            county=row.county,
            vehicle_class=row.vehicle_class,
            first=jalali_of(row.first_day),
            last=jalali_of(row.last_day),
            reason=row.reason,
            legal_basis=row.legal_basis,
        ),
        standing=ExemptionStanding(
            state=ExemptionState(row.state),
            proposed_by=row.proposed_by,
            decided_by=row.decided_by,
            ended_by=row.ended_by,
            ended_at=row.ended_at,
            note=row.note,
        ),
        proposed_at=row.proposed_at,
        decided_at=row.decided_at,
        uses=row.uses,
    )
