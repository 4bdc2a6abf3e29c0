"""Notifications of owners: when, by which channel, and the law's row that set the deadlines."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.dues_tables import notifications
from payesh.tickets.adapters.law_file import TermsRow, terms_of, terms_row
from payesh.tickets.domain.law import LawTable, Terms


@dataclass(frozen=True, slots=True)
class Notification:
    """One row. `terms` is the law's row in force on the day of the notification."""

    channel: str
    reference: str
    notified_at: datetime
    table: str
    terms: Terms


async def add(
    session: AsyncSession,
    citation_id: UUID,
    *,
    channel: str,
    reference: str,
    notified_at: datetime,
    table: LawTable,
    terms: Terms,
    by: str,
) -> None:
    row: dict[str, Any] = {"table": table.name, "table_sha256": table.sha256}
    row["row"] = terms_row(terms).model_dump(mode="json")
    await session.execute(
        insert(notifications).values(
            notification_id=uuid4(),
            citation_id=citation_id,
            channel=channel,
            reference=reference,
            notified_at=notified_at,
            terms=row,
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
    return Notification(
        channel=row.channel,
        reference=row.reference,
        notified_at=row.notified_at,
        table=row.terms["table"],
        terms=terms_of(TermsRow.model_validate(row.terms["row"])),
    )
