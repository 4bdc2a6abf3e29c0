"""Notifications of owners: when, by which channel, and the law's row that set the deadlines."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.dues_tables import notifications
from payesh.tickets.adapters.law_file import TermsRow, terms_of, terms_row
from payesh.tickets.domain.law import Terms


@dataclass(frozen=True, slots=True)
class TableName:
    """The law table that a row stands in."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Notification:
    """One row. `terms` is the law's row in force on the day of the notification."""

    channel: str
    reference: str
    notified_at: datetime
    named: TableName
    terms: Terms


def stored_terms(named: TableName, terms: Terms) -> dict[str, Any]:
    """The law's row as it is copied, with the table that it stands in."""
    row = terms_row(terms).model_dump(mode="json")
    return {"table": named.name, "table_sha256": named.sha256, "row": row}


def terms_in(stored: dict[str, Any]) -> tuple[TableName, Terms]:
    """The inverse of `stored_terms`."""
    named = TableName(stored["table"], stored["table_sha256"])
    return named, terms_of(TermsRow.model_validate(stored["row"]))


async def add(
    session: AsyncSession,
    citation_id: UUID,
    *,
    channel: str,
    reference: str,
    notified_at: datetime,
    named: TableName,
    terms: Terms,
    by: str,
) -> None:
    await session.execute(
        insert(notifications).values(
            notification_id=uuid4(),
            citation_id=citation_id,
            channel=channel,
            reference=reference,
            notified_at=notified_at,
            terms=stored_terms(named, terms),
            recorded_by=by,
        )
    )


async def last(session: AsyncSession, citation_id: UUID) -> Notification | None:
    """The notification that counts: the last one recorded."""
    table = notifications
    query = (
        select(table)
        .where(table.c.citation_id == citation_id)
        .order_by(table.c.recorded_at.desc())
        .limit(1)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    named, terms = terms_in(row.terms)
    return Notification(row.channel, row.reference, row.notified_at, named, terms)
