"""Editions of the law in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.law_file import LawDocument, table_of
from payesh.tickets.adapters.tables import law_editions
from payesh.tickets.domain.jalali_day import jalali_of, jalali_text
from payesh.tickets.domain.law import LawTable
from payesh.tickets.domain.law_book import Published
from payesh.tickets.domain.law_edition import EditionStanding, EditionState

_LOCK = "payesh-tickets-law"


@dataclass(frozen=True, slots=True)
class StoredEdition:
    """One row. `number` is given when it is approved; approvals count up without gaps."""

    edition_id: UUID
    standing: EditionStanding
    document: LawDocument
    sha256: str
    created_at: datetime
    changed_at: datetime
    proposed_at: datetime | None
    approved_at: datetime | None
    number: int | None

    @property
    def table(self) -> LawTable:
        return table_of(self.document, self.sha256)


async def add(
    session: AsyncSession, edition_id: UUID, standing: EditionStanding, document: LawDocument
) -> None:
    await session.execute(
        insert(law_editions).values(
            edition_id=edition_id, **_standing(standing), **_document(document)
        )
    )


async def save(
    session: AsyncSession,
    edition_id: UUID,
    standing: EditionStanding,
    document: LawDocument | None = None,
) -> None:
    """Store where an edition stands now, and what it says where that changed. The caller holds the
    row's lock."""
    values: dict[str, Any] = _standing(standing)
    if document is not None:
        values |= _document(document) | {"changed_at": func.now()}
    if standing.state is EditionState.PROPOSED:
        values["proposed_at"] = func.now()
    if standing.state is EditionState.DRAFT:
        values["proposed_at"] = None
    if standing.state is EditionState.APPROVED:
        values["approved_at"] = func.now()
        values["number"] = await _next_number(session)
    await session.execute(
        update(law_editions).where(law_editions.c.edition_id == edition_id).values(**values)
    )


async def find(
    session: AsyncSession, edition_id: UUID, *, lock: bool = False
) -> StoredEdition | None:
    query = select(law_editions).where(law_editions.c.edition_id == edition_id)
    row = (await session.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else _stored(row)


async def page(
    session: AsyncSession, *, limit: int, after: tuple[datetime, UUID] | None
) -> Sequence[StoredEdition]:
    """Editions in order of their making, the newest first."""
    key = (law_editions.c.created_at, law_editions.c.edition_id)
    query = select(law_editions).order_by(key[0].desc(), key[1].desc()).limit(limit)
    if after is not None:
        query = query.where((key[0] < after[0]) | ((key[0] == after[0]) & (key[1] < after[1])))
    return [_stored(row) for row in await session.execute(query)]


async def published_since(session: AsyncSession, number: int) -> Sequence[Published]:
    """What was approved after the `number`th, in that order."""
    rows = await session.execute(
        select(law_editions).where(law_editions.c.number > number).order_by(law_editions.c.number)
    )
    return [
        Published(stored.number or 0, stored.standing.first, stored.table)
        for stored in map(_stored, rows)
    ]


async def _next_number(session: AsyncSession) -> int:
    # Held until the commit, so that a reader that sees a number sees all below it.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(_LOCK, 0))))
    newest = await session.scalar(select(func.max(law_editions.c.number)))
    return int(newest or 0) + 1


def _standing(standing: EditionStanding) -> dict[str, Any]:
    return {
        "state": standing.state,
        "revision": standing.revision,
        "first_day": jalali_text(standing.first),
        "editors": list(standing.editors),
        "proposed_by": standing.proposed_by,
        "approved_by": standing.approved_by,
    }


def _document(document: LawDocument) -> dict[str, Any]:
    body = document.to_bytes()
    return {"document": body.decode(), "sha256": sha256(body).hexdigest()}


def _stored(row: Any) -> StoredEdition:
    return StoredEdition(
        edition_id=row.edition_id,
        standing=EditionStanding(
            state=EditionState(row.state),
            revision=row.revision,
            first=jalali_of(row.first_day),
            editors=tuple(row.editors),
            proposed_by=row.proposed_by,
            approved_by=row.approved_by,
        ),
        document=LawDocument.model_validate_json(row.document),
        sha256=row.sha256,
        created_at=row.created_at,
        changed_at=row.changed_at,
        proposed_at=row.proposed_at,
        approved_at=row.approved_at,
        number=row.number,
    )
