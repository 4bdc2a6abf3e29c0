"""What is done to citations after they were issued, for the test of lives under many at once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select, update

from payesh.kit.principal import Principal
from payesh.tickets.adapters.dues_tables import objections, payments
from payesh.tickets.adapters.payments import Payment
from payesh.tickets.adapters.tables import citations
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.objection import Grounds, Outcome
from payesh.tickets.handlers import notifying, objecting, paying
from payesh.tickets.handlers.objecting import Judgement, Written

AMOUNT = 2_000_000
LESS = 1_000_000
Act = Callable[[Dependencies, Principal, UUID], Awaitable[object]]


async def _notify(rests: Dependencies, by: Principal, case: UUID) -> object:
    async with rests.database.transaction() as session:
        now = await session.scalar(select(func.clock_timestamp()))
    return await notifying.notify(
        rests, by, case, channel="post", reference="1", notified_at=now or datetime.now(UTC)
    )


async def _pay(rests: Dependencies, by: Principal, case: UUID) -> object:
    """Whatever is owed, as a payment of its own."""
    async with rests.database.transaction() as session:
        owed = await session.scalar(
            select(citations.c.owed_rial).where(citations.c.citation_id == case)
        )
    payment = Payment("bank", uuid4().hex, owed or AMOUNT, datetime.now(UTC))
    return await paying.pay(rests, by, case, payment)


def _decide(outcome: Outcome) -> Act:
    async def act(rests: Dependencies, by: Principal, case: UUID) -> object:
        found = await objecting.list_of(rests, by, case)
        objection_id = found[-1].objection_id if found else uuid4()
        amount = LESS if outcome is Outcome.REDUCED else None
        judgement = Judgement(outcome, "because", amount)
        return await objecting.decide(rests, by, case, objection_id, judgement)

    return act


AFTER_ISSUE: dict[str, Act] = {
    "notify": _notify,
    "withdraw_notification": lambda rests, by, case: notifying.withdraw(rests, by, case, "lost"),
    "pay": _pay,
    "reverse_payment": lambda rests, by, case: paying.reverse(rests, by, case, "bounced"),
    "object": lambda rests, by, case: objecting.object_to(
        rests, by, case, Written(Grounds.OTHER, "not so")
    ),
    "uphold": _decide(Outcome.UPHELD),
    "reduce": _decide(Outcome.REDUCED),
    "cancel": _decide(Outcome.CANCELLED),
}
"""Acts by the name of the transition that they take; `object` takes `insist` where it stands
decided."""

AFTER = (
    "issued",
    "void",
    "notified",
    "overdue",
    "paid",
    "closed",
    "objected",
    "upheld",
    "reduced",
    "cancelled",
)
"""States of a citation that has a number."""


async def time_is_over(rests: Dependencies, case: UUID) -> None:
    """The law's deadline of one citation, if it has one, is over."""
    async with rests.database.transaction() as session:
        await session.execute(
            update(citations)
            .where(citations.c.citation_id == case, citations.c.due_at.is_not(None))
            .values(due_at=func.clock_timestamp())
        )


async def check(session: Any, case: UUID, row: Any) -> None:
    """Money and objections agree with where a citation stands."""
    of_case = payments.c.citation_id == case
    counts = payments.c.reversed_at.is_(None) & payments.c.refund_due_since.is_(None)
    paid = await session.scalar(select(func.count()).where(of_case, counts))
    assert paid == (1 if row.state in ("paid", "closed") and row.owed_rial else 0)
    waiting = await session.scalar(
        select(func.count()).where(
            objections.c.citation_id == case, objections.c.decided_at.is_(None)
        )
    )
    if row.state != "void":  # what was voided is not judged any more
        assert waiting == (1 if row.state == "objected" else 0)
    owes = row.state in AFTER[2:]
    assert (row.owed_rial is not None) is owes
    assert row.owed_rial in ((None, 0, LESS, AMOUNT) if owes else (None,))
