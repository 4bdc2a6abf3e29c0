"""Citations by what people know of one: its number, plate, camera, days, or that it was theirs."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.bounds import within
from payesh.kit.principal import Bounds
from payesh.tickets.adapters.stored_citation import StoredCitation, citation_of
from payesh.tickets.adapters.tables import citation_steps, citations


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; each that is not None must hold. `plate` is canonical text, `captured_to`
    excluded, `handled_by` an officer who took a step of it."""

    number: str | None = None
    plate: str | None = None
    camera_id: str | None = None
    captured_from: datetime | None = None
    captured_to: datetime | None = None
    handled_by: str | None = None

    @property
    def is_empty(self) -> bool:
        return all(getattr(self, each.name) is None for each in fields(self))


async def search(
    session: AsyncSession,
    bounds: Bounds,
    wanted: Wanted,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> Sequence[StoredCitation]:
    """At most `limit` within the bounds, the latest capture first, from behind `after`."""
    table = citations
    position = tuple_(table.c.captured_at, table.c.citation_id)
    query = (
        select(table, func.now().label("now"))
        .where(within(table, bounds), *_conditions(wanted))
        .order_by(table.c.captured_at.desc(), table.c.citation_id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(position < tuple_(*after))
    return [citation_of(row) for row in await session.execute(query)]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    table, found = citations, []
    for column, value in (
        (table.c.number, wanted.number),
        (table.c.plate_text, wanted.plate),
        (table.c.camera_id, wanted.camera_id),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.captured_from is not None:
        found.append(table.c.captured_at >= wanted.captured_from)
    if wanted.captured_to is not None:
        found.append(table.c.captured_at < wanted.captured_to)
    if wanted.handled_by is not None:
        steps = citation_steps
        own = select(steps.c.citation_id).where(steps.c.officer == wanted.handled_by)
        found.append(table.c.citation_id.in_(own))
    return found
