"""Holds of drafts in the database: why each is held, with the facts, and who set it aside."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.bounds import within
from payesh.kit.principal import Bounds
from payesh.tickets.adapters.hold_tables import citation_holds
from payesh.tickets.adapters.stored_citation import PlacedHold, StoredCitation, citation_of
from payesh.tickets.adapters.tables import citations
from payesh.tickets.domain.correction import CORRECTED
from payesh.tickets.domain.desk import DRAFTED, REJECTED
from payesh.tickets.domain.holds import HoldKind
from payesh.tickets.domain.supervision import RETURNED, VOID

UNDECIDED = (DRAFTED.name, RETURNED.name, CORRECTED.name)


async def place(
    session: AsyncSession, citation_id: UUID, kind: HoldKind, facts: dict[str, Any]
) -> None:
    """Hold a draft, anew where a hold of this kind was ended."""
    table = citation_holds
    anew = {"facts": facts, "placed_at": func.now()}
    ended = {"ended_by": None, "ended_at": None, "note": None}
    await session.execute(
        insert(table)
        .values(citation_id=citation_id, kind=kind, facts=facts)
        .on_conflict_do_update(index_elements=["citation_id", "kind"], set_=anew | ended)
    )


async def lasting(session: AsyncSession, citation_id: UUID) -> Sequence[PlacedHold]:
    """The holds of one citation that nobody ended, the first one first."""
    table = citation_holds
    rows = await session.execute(
        select(table.c.kind, table.c.placed_at, table.c.facts)
        .where(table.c.citation_id == citation_id, table.c.ended_at.is_(None))
        .order_by(table.c.placed_at, table.c.kind)
    )
    return [PlacedHold(*row) for row in rows]


async def end(
    session: AsyncSession, citation_id: UUID, *, by: str, note: str, kind: HoldKind | None = None
) -> bool:
    """End the hold of this kind, all where None; that there was one, and why it ended, stays on
    record. False where none lasted."""
    table = citation_holds
    conditions = [table.c.citation_id == citation_id, table.c.ended_at.is_(None)]
    if kind is not None:
        conditions.append(table.c.kind == kind)
    ended = await session.scalars(
        update(table)
        .where(*conditions)
        .values(ended_by=by, ended_at=func.now(), note=note)
        .returning(table.c.kind)
    )
    return bool(ended.all())


async def sightings_around(
    session: AsyncSession, citation: StoredCitation, window: timedelta, *, limit: int = 50
) -> Sequence[StoredCitation]:
    """Other citations of its plate within the window, nearest in time first, that stand: one that
    was rejected had perhaps no such plate."""
    table = citations
    rows = await session.execute(
        select(table, func.now().label("now"))
        .where(
            table.c.plate_text == citation.standing.plate_text,
            table.c.captured_at.between(
                citation.captured_at - window, citation.captured_at + window
            ),
            table.c.state.not_in([REJECTED.name, VOID.name]),
            table.c.citation_id != citation.citation_id,
        )
        .order_by(func.abs(func.extract("epoch", table.c.captured_at - citation.captured_at)))
        .limit(limit)
    )
    return [citation_of(row) for row in rows]


async def held_drafts(
    session: AsyncSession, bounds: Bounds, *, limit: int
) -> Sequence[tuple[StoredCitation, PlacedHold]]:
    """Drafts of the bounds with a hold that lasts, the longest held first."""
    table = citation_holds
    rows = await session.execute(
        select(citations, func.now().label("now"), table.c.kind, table.c.placed_at, table.c.facts)
        .join(table, table.c.citation_id == citations.c.citation_id)
        .where(
            within(citations, bounds),
            table.c.ended_at.is_(None),
            citations.c.state.in_(UNDECIDED),
        )
        .order_by(table.c.placed_at, table.c.kind)
        .limit(limit)
    )
    return [(citation_of(row), PlacedHold(row.kind, row.placed_at, row.facts)) for row in rows]


async def counts(session: AsyncSession, bounds: Bounds) -> dict[str, int]:
    """How many drafts of the bounds are held, by kind."""
    table = citation_holds
    rows = await session.execute(
        select(table.c.kind, func.count())
        .join(citations, table.c.citation_id == citations.c.citation_id)
        .where(
            within(citations, bounds),
            table.c.ended_at.is_(None),
            citations.c.state.in_(UNDECIDED),
        )
        .group_by(table.c.kind)
    )
    return {kind: count for kind, count in rows}  # noqa: C416 - a row is no pair to mypy
