"""Reads in PostgreSQL: stored once, searched within bounds, deleted when they expire."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, delete, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import PlateRead
from payesh.contracts.plate_text import UNKNOWN_PLACE
from payesh.kit.bounds import within
from payesh.kit.principal import Bounds
from payesh.plates.adapters.tables import reads
from payesh.plates.domain.hidden_places import possibly_stored_as

log = structlog.get_logger(__name__)

_EXPIRE_AT_ONCE = 5_000
_STORED = (
    reads.c.read_id,
    reads.c.passage_id,
    reads.c.captured_at,
    reads.c.body,
    reads.c.expires_at,
)
"""Columns in the order of `StoredRead`'s fields."""


@dataclass(frozen=True, slots=True)
class StoredRead:
    """A read as it is kept; `body` is the published event."""

    read_id: UUID
    passage_id: UUID
    captured_at: datetime
    body: dict[str, Any]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """What is searched for. A read matches one of `texts`, in which `?` is one unknown character:
    those of `plate`, which is as it was written; an ambiguous read matches where its readable
    characters do. `after` is the capture time and passage of the last read of the page before."""

    plate: str | None
    texts: tuple[str, ...]
    camera_id: str | None
    captured_from: datetime | None
    captured_to: datetime | None
    after: tuple[datetime, UUID] | None
    limit: int


async def add(session: AsyncSession, read: PlateRead, expires_at: datetime) -> None:
    """Store the one read of a passage; a second one changes nothing."""
    await session.execute(
        insert(reads)
        .values(
            passage_id=read.passage_id,
            captured_at=read.captured_at,
            read_id=read.read_id,
            camera_id=read.camera_id,
            county=read.county,
            road_class=read.road_class,
            place_class=read.place_class,
            outcome=read.outcome,
            layout=read.plate.layout if read.plate else None,
            text=stored_text(read),
            confidence=read.confidence,
            body=json.loads(read.to_json()),
            expires_at=expires_at,
        )
        .on_conflict_do_nothing()
    )


async def search(session: AsyncSession, bounds: Bounds, query: ReadQuery) -> list[StoredRead]:
    """Reads newest first, within the caller's bounds."""
    statement = select(*_STORED).where(within(reads, bounds))
    if query.texts:
        statement = statement.where(or_(*(_matches(text) for text in query.texts)))
    if query.camera_id is not None:
        statement = statement.where(reads.c.camera_id == query.camera_id)
    if query.captured_from is not None:
        statement = statement.where(reads.c.captured_at >= query.captured_from)
    if query.captured_to is not None:
        statement = statement.where(reads.c.captured_at < query.captured_to)
    if query.after is not None:
        statement = statement.where(tuple_(reads.c.captured_at, reads.c.passage_id) < query.after)
    ordered = statement.order_by(reads.c.captured_at.desc(), reads.c.passage_id.desc())
    return [StoredRead(*row) for row in await session.execute(ordered.limit(query.limit))]


def stored_text(read: PlateRead) -> str | None:
    """The text that is searched: of an ambiguous read with `?` for what was hidden."""
    if read.plate is not None:
        return read.plate.text
    return "".join(each.character for each in read.characters) or None


def _matches(text: str) -> ColumnElement[bool]:
    if UNKNOWN_PLACE in text:
        patterns = possibly_stored_as(text.replace(UNKNOWN_PLACE, "_"))
        return or_(*(reads.c.text.like(pattern) for pattern in patterns))
    return reads.c.text.in_(possibly_stored_as(text))


async def get(session: AsyncSession, bounds: Bounds, read_id: UUID) -> StoredRead | None:
    """One read within the caller's bounds."""
    statement = select(*_STORED).where(reads.c.read_id == read_id).where(within(reads, bounds))
    row = (await session.execute(statement)).first()
    return None if row is None else StoredRead(*row)


async def expire(session: AsyncSession, now: datetime) -> int:
    """Delete expired reads, a bounded number at a time, and return how many."""
    oldest = (
        select(reads.c.passage_id, reads.c.captured_at)
        .where(reads.c.expires_at < now)
        .limit(_EXPIRE_AT_ONCE)
    )
    deleted = await session.execute(
        delete(reads)
        .where(tuple_(reads.c.passage_id, reads.c.captured_at).in_(oldest))
        .returning(reads.c.passage_id)
    )
    return len(deleted.all())


async def ensure_partitions(session: AsyncSession, today: date, days_ahead: int = 7) -> None:
    """Create the partitions of the coming days; a capture of another day goes to the default.

    A day whose reads lie in the default partition stays there: PostgreSQL refuses its partition,
    those of the other days are made. The lock keeps two replicas from creating the same one.
    """
    await session.execute(text("SELECT pg_advisory_xact_lock(5785211)"))
    for offset in range(-1, days_ahead + 1):
        day = today + timedelta(days=offset)
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        name = f"reads_{day:%Y%m%d}"
        if await session.scalar(text("SELECT to_regclass(:name)"), {"name": name}):
            continue
        create = text(
            f"CREATE TABLE {name} PARTITION OF reads FOR VALUES "
            f"FROM ('{start.isoformat()}') TO ('{(start + timedelta(days=1)).isoformat()}')"
        )
        try:
            async with session.begin_nested():
                await session.execute(create)
        except IntegrityError:
            log.warning("day stays in the default partition", partition=name)
