"""Payments as they were reported, each once however often it is reported."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters.dues_tables import payments


@dataclass(frozen=True, slots=True)
class Payment:
    """`reference` is the bank's and unique in its channel; `amount_rial` is in rial."""

    channel: str
    reference: str
    amount_rial: int
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class StoredPayment:
    citation_id: UUID
    payment: Payment
    reversed_at: datetime | None
    refund_due_since: datetime | None


async def find(session: AsyncSession, channel: str, reference: str) -> StoredPayment | None:
    table = payments
    query = select(table).where(table.c.channel == channel, table.c.reference == reference)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    return StoredPayment(
        row.citation_id,
        Payment(row.channel, row.reference, row.amount_rial, row.paid_at),
        row.reversed_at,
        row.refund_due_since,
    )


async def add(
    session: AsyncSession, citation_id: UUID, payment: Payment, *, by: str, refund_due: bool = False
) -> bool:
    """Store a payment; False where its reference is stored already."""
    added = await session.scalar(
        insert(payments)
        .values(
            payment_id=uuid4(),
            citation_id=citation_id,
            channel=payment.channel,
            reference=payment.reference,
            amount_rial=payment.amount_rial,
            paid_at=payment.paid_at,
            recorded_by=by,
            refund_due_since=func.now() if refund_due else None,
        )
        .on_conflict_do_nothing()
        .returning(payments.c.payment_id)
    )
    return added is not None


async def count(session: AsyncSession, citation_id: UUID) -> int:
    """How often something was paid for a citation, whatever became of it."""
    query = select(func.count()).where(payments.c.citation_id == citation_id)
    return await session.scalar(query) or 0


async def mark_reversed(session: AsyncSession, citation_id: UUID) -> None:
    """The bank took back what was paid for the citation."""
    await session.execute(
        update(payments)
        .where(payments.c.citation_id == citation_id, _counts())
        .values(reversed_at=func.now())
    )


async def mark_refund_due(session: AsyncSession, citation_id: UUID) -> None:
    """What was paid for the citation is to be given back."""
    await session.execute(
        update(payments)
        .where(payments.c.citation_id == citation_id, _counts())
        .values(refund_due_since=func.now())
    )


def _counts() -> ColumnElement[bool]:
    return payments.c.reversed_at.is_(None) & payments.c.refund_due_since.is_(None)
