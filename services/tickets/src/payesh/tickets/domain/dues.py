"""What an issued citation owes: its owner is notified, pays, or lets the time run out.

Deadlines are moments in the standing; a worker takes the law's own steps when they are over.
Nothing here touches a driver's licence: a plate names an owner, and negative points are a driver's.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from payesh.tickets.domain.desk import ISSUED
from payesh.tickets.domain.standing import Part, Refusal, Standing, State, Step, Transition

NOTIFIED = State("notified", "Its owner was notified: the time to pay or to object runs.")
OVERDUE = State("overdue", "The time to pay ran out; the amount may have doubled, as the law says.")
PAID = State("paid", "What was owed is paid.")
CLOSED = State("closed", "Nothing more is owed or decided.")

THE_LAW = "law"
"""Who takes a step when a deadline of the law is over: no person, and no subject of a token."""

AMOUNT_DIFFERS = Refusal("amount-differs", "this is not the amount that is owed")
NOT_DUE_BY_LAW = Refusal("not-due", "the law's time is not over yet")
NOTIFIED_BEFORE_ISSUE = Refusal(
    "notified-before-issue", "it cannot have been notified before it was issued, or later than now"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifying(Step):
    """The owner was notified at `notified_at`; deadlines are counted from there by the law's row in
    force that day. `owed_rial` is the amount that the citation was issued with."""

    notified_at: datetime
    owed_rial: int
    pay_until: datetime
    object_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying(Step):
    """It is closed at `close_at`, unless the payment is reversed until then."""

    amount_rial: int
    close_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversing(Step):
    """`note` is why: the bank took the payment back. It is to be paid until `pay_until`."""

    note: str
    pay_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FallingDue(Step):
    """`doubles` is what the law's row says that the owner was notified under."""

    doubles: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawing(Step):
    """`note` is why the notification does not count: for example, it never reached the owner."""

    note: str


def _after_it_was_issued(standing: Standing, step: Notifying) -> Refusal | None:
    decided = standing.decided_at
    is_since = decided is None or decided <= step.notified_at
    return None if is_since and step.notified_at <= step.at else NOTIFIED_BEFORE_ISSUE


def _the_amount_owed(standing: Standing, step: Paying) -> Refusal | None:
    return None if step.amount_rial == standing.owed_rial else AMOUNT_DIFFERS


def _time_is_over(standing: Standing, step: Step) -> Refusal | None:
    return None if standing.due_at is not None and step.at >= standing.due_at else NOT_DUE_BY_LAW


def _notified(standing: Standing, step: Notifying) -> Standing:
    return replace(
        standing,
        owed_rial=step.owed_rial,
        object_until=step.object_until,
        due_at=step.pay_until,
        is_doubled=False,
    )


def _paid(standing: Standing, step: Paying) -> Standing:
    return replace(standing, due_at=step.close_at)


def _reversed(standing: Standing, step: Reversing) -> Standing:
    return replace(standing, due_at=step.pay_until, note=step.note)


def _fallen_due(standing: Standing, step: FallingDue) -> Standing:
    owed = standing.owed_rial
    doubles = step.doubles and not standing.is_doubled and owed is not None
    return replace(
        standing,
        owed_rial=owed * 2 if doubles and owed is not None else owed,
        is_doubled=standing.is_doubled or doubles,
        object_until=None,
        due_at=None,
    )


def _withdrawn(standing: Standing, step: Withdrawing) -> Standing:
    return replace(
        standing, owed_rial=None, object_until=None, due_at=None, is_doubled=False, note=step.note
    )


def _closed(standing: Standing, _: Step) -> Standing:
    return replace(standing, due_at=None)


OWING = frozenset({NOTIFIED.name, OVERDUE.name, "upheld", "reduced"})
"""States in which an amount is owed. While an objection is open nothing is."""
RUNNING = OWING - {OVERDUE.name}
"""States in which the time to pay runs."""

NOTIFY: Transition[Notifying] = Transition(
    "notify", frozenset({ISSUED.name}), NOTIFIED.name, (_after_it_was_issued,), _notified
)
WITHDRAW_NOTIFICATION: Transition[Withdrawing] = Transition(
    "withdraw_notification",
    frozenset({NOTIFIED.name, OVERDUE.name}),
    ISSUED.name,
    effect=_withdrawn,
)
PAY: Transition[Paying] = Transition("pay", OWING, PAID.name, (_the_amount_owed,), _paid)
REVERSE_PAYMENT: Transition[Reversing] = Transition(
    "reverse_payment", frozenset({PAID.name}), NOTIFIED.name, effect=_reversed
)
FALL_DUE: Transition[FallingDue] = Transition(
    "fall_due", RUNNING, OVERDUE.name, (_time_is_over,), _fallen_due
)
CLOSE: Transition[Step] = Transition(
    "close", frozenset({PAID.name, "cancelled"}), CLOSED.name, (_time_is_over,), _closed
)

BY_THE_LAW = frozenset({FALL_DUE.name, CLOSE.name})
"""Transitions that no person takes: the deadline does."""

DUES = Part(
    states=(NOTIFIED, OVERDUE, PAID, CLOSED),
    transitions=(NOTIFY, WITHDRAW_NOTIFICATION, PAY, REVERSE_PAYMENT, FALL_DUE, CLOSE),
)
