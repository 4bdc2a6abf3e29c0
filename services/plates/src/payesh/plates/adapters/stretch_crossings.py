"""Crossings of the lines at which stretches begin and end, in PostgreSQL, until they expire."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import PassageObserved
from payesh.contracts.detect import LineCrossing
from payesh.plates.adapters.tables import reads, stretch_crossings

_EXPIRE_AT_ONCE = 5_000
MOST_NEIGHBOURS = 10_000
"""Crossings of one line that are looked at: three vehicles a second for almost an hour."""
_ITSELF = ""
_PLATE_LOCKS = 0x50590003
_T = stretch_crossings.c
_SEEN = (
    _T.passage_id,
    _T.camera_id,
    _T.crossing,
    _T.clock_u95_ms,
    _T.clock_verified,
    _T.vehicle_class,
    _T.text,
    _T.is_sure,
)
"""Columns in the order of `StoredCrossing`'s fields."""


@dataclass(frozen=True, slots=True)
class StoredCrossing:
    """A crossing as it is compared with others; `text` has `?` for what was hidden."""

    passage_id: UUID
    camera_id: str
    crossing: LineCrossing
    clock_u95_ms: float
    clock_verified: bool
    vehicle_class: str
    text: str | None
    is_sure: bool


@dataclass(frozen=True, slots=True)
class DueCrossing:
    """The end of a stretch that is to be judged now, with its passage as it was published
    and the trace that brought it."""

    crossing: StoredCrossing
    stretch: str
    passage: PassageObserved
    traceparent: str | None


async def hold_plate(session: AsyncSession, plate: str) -> None:
    """Until the transaction ends no other adds a crossing of this plate: of two that come at one
    moment, the second to commit sees the first."""
    digest = hashlib.sha256(plate.encode()).digest()
    await session.execute(
        text("SELECT pg_advisory_xact_lock(:locks, :plate)"),
        {"locks": _PLATE_LOCKS, "plate": int.from_bytes(digest[:4], "big", signed=True)},
    )


async def add(
    session: AsyncSession,
    passage: PassageObserved,
    crossing: StoredCrossing,
    *,
    stretches: Sequence[str],
    settle: timedelta,
    keep: timedelta,
    traceparent: str | None,
) -> None:
    """Store a crossing, and a row to be judged for each stretch that it ended. Adding it again
    changes nothing."""
    row = {
        "passage_id": crossing.passage_id,
        "line": crossing.crossing.line.name,
        "camera_id": crossing.camera_id,
        "crossed_at": crossing.crossing.crossed_at,
        "crossing": crossing.crossing.model_dump(mode="json"),
        "clock_u95_ms": crossing.clock_u95_ms,
        "clock_verified": crossing.clock_verified,
        "vehicle_class": crossing.vehicle_class,
        "text": crossing.text,
        "is_sure": crossing.is_sure,
        "passage": passage.to_json().decode(),
        "traceparent": traceparent,
        "expires_at": func.now() + keep,
    }
    rows = [{**row, "stretch": _ITSELF, "due_at": None}]
    rows += [{**row, "stretch": name, "due_at": func.now() + settle} for name in stretches]
    for each in rows:
        await session.execute(insert(stretch_crossings).values(each).on_conflict_do_nothing())


async def judge_again(
    session: AsyncSession, crossing: StoredCrossing, *, settle: timedelta, final: str
) -> None:
    """Ends of stretches that the plate has crossed after this crossing, which may begin them, are
    due once more; those whose verdict is `final` are not."""
    await session.execute(
        update(stretch_crossings)
        .where(
            _T.text == crossing.text,
            _T.stretch != _ITSELF,
            _T.crossed_at > crossing.crossing.crossed_at,
            _T.passage_id != crossing.passage_id,
            _T.verdict.is_distinct_from(final),
        )
        .values(due_at=func.now() + settle)
    )


async def take_due(session: AsyncSession) -> DueCrossing | None:
    """The end of a stretch that is due longest; its row is held until the transaction ends."""
    row = (
        await session.execute(
            select(*_SEEN, _T.stretch, _T.passage, _T.traceparent)
            .where(_T.due_at <= func.now())
            .order_by(_T.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
    ).first()
    if row is None:
        return None
    *seen, stretch, passage, traceparent = row
    return DueCrossing(_stored(seen), stretch, PassageObserved.from_json(passage), traceparent)


async def conclude(
    session: AsyncSession, due: DueCrossing, verdict: str | None, *, again: timedelta | None = None
) -> None:
    """Keep the verdict; the row is due once more only where `again` tells when."""
    await session.execute(
        update(stretch_crossings)
        .where(
            _T.passage_id == due.crossing.passage_id,
            _T.line == due.crossing.crossing.line.name,
            _T.stretch == due.stretch,
        )
        .values(verdict=verdict, due_at=None if again is None else func.now() + again)
    )


async def at_line(
    session: AsyncSession, camera_id: str, line: str, since: datetime, until: datetime
) -> list[StoredCrossing]:
    """Everything that crossed a line between two moments, both included."""
    rows = await session.execute(
        select(*_SEEN)
        .where(
            _T.camera_id == camera_id,
            _T.line == line,
            _T.stretch == _ITSELF,
            _T.crossed_at.between(since, until),
        )
        .order_by(_T.crossed_at.desc())
        .limit(MOST_NEIGHBOURS)
    )
    return [_stored(row) for row in rows]


async def sightings_of(
    session: AsyncSession, plate: str, since: datetime, until: datetime
) -> list[tuple[UUID, str, datetime]]:
    """Reads of a plate by any camera: passage, camera and moment of each."""
    rows = await session.execute(
        select(reads.c.passage_id, reads.c.camera_id, reads.c.captured_at)
        .where(reads.c.text == plate, reads.c.captured_at.between(since, until))
        .limit(MOST_NEIGHBOURS)
    )
    return [(passage_id, camera_id, at) for passage_id, camera_id, at in rows]


async def passage_of(session: AsyncSession, crossing: StoredCrossing) -> PassageObserved:
    """The passage of a crossing that was found by `at_line` in this transaction."""
    body = await session.scalar(
        select(_T.passage).where(
            _T.passage_id == crossing.passage_id,
            _T.line == crossing.crossing.line.name,
            _T.stretch == _ITSELF,
        )
    )
    return PassageObserved.from_json(body or "")


async def expire(session: AsyncSession, now: datetime) -> int:
    """Delete expired crossings, a bounded number at a time, and return how many."""
    key = (_T.passage_id, _T.line, _T.stretch)
    oldest = select(*key).where(_T.expires_at < now).limit(_EXPIRE_AT_ONCE)
    deleted = await session.execute(
        delete(stretch_crossings).where(tuple_(*key).in_(oldest)).returning(_T.passage_id)
    )
    return len(deleted.all())


def _stored(row: Sequence[Any]) -> StoredCrossing:
    passage_id, camera_id, crossing, *others = row
    return StoredCrossing(
        passage_id, camera_id, LineCrossing.model_validate_json(json.dumps(crossing)), *others
    )
