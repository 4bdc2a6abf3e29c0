"""An objection: entered in time, decided by an officer who had no part in the citation.

Law on driving offences (1389), article 5: the enforcement office examines it; an owner who insists
is heard once more by the review unit, whose decision is the last.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from payesh.tickets.domain.dues import NOTIFIED
from payesh.tickets.domain.standing import Part, Refusal, Standing, State, Step, Transition

OBJECTED = State("objected", "Its owner objected: nothing is owed until that is decided.")
UPHELD = State("upheld", "The objection was decided: the citation stands with its amount.")
REDUCED = State("reduced", "The objection was decided: the citation stands, for less.")
CANCELLED = State("cancelled", "The objection was decided: no fine is owed.")

INSTANCES = 2
"""The enforcement office, and the review unit for an owner who insists."""


class Grounds(StrEnum):
    """What an owner objects with; further reasons are in the owner's words."""

    NOT_MY_VEHICLE = "not_my_vehicle"
    VEHICLE_SOLD = "vehicle_sold"
    PLATE_STOLEN = "plate_stolen"
    NO_OFFENCE = "no_offence"
    MEASUREMENT_DOUBTED = "measurement_doubted"
    EMERGENCY = "emergency"
    AMOUNT_WRONG = "amount_wrong"
    OTHER = "other"


class Outcome(StrEnum):
    """How an objection is decided; the name of the state that the citation then stands in."""

    UPHELD = "upheld"
    REDUCED = "reduced"
    CANCELLED = "cancelled"


TOO_LATE_TO_OBJECT = Refusal("objection-too-late", "the time to object is over")
ANOTHER_OFFICER = Refusal(
    "another-officer", "who had a part in this citation does not decide the objection to it"
)
NOT_LESS = Refusal("amount-not-less", "a reduced amount is less than what was owed, and above zero")
LAST_INSTANCE = Refusal(
    "last-instance", "the review unit has decided: there is no further instance"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objecting(Step):
    """`received_at` is when the office had the objection in hand, which counts for the deadline."""

    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Insisting(Objecting):
    """`heard` counts the instances that have decided until now."""

    heard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging(Step):
    """`barred` are people who had a part in the citation, or decided on it before. `reason` is
    given to the owner. It is to be paid until `pay_until`; what is cancelled is closed then."""

    barred: frozenset[str]
    reason: str
    pay_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reducing(Judging):
    owed_rial: int


def _in_time(standing: Standing, step: Objecting) -> Refusal | None:
    until = standing.object_until
    is_heard = until is not None and step.received_at < until and step.received_at <= step.at
    return None if is_heard else TOO_LATE_TO_OBJECT


def _in_time_to_pay(standing: Standing, step: Insisting) -> Refusal | None:
    until = standing.due_at
    is_heard = until is not None and step.received_at < until and step.received_at <= step.at
    return None if is_heard else TOO_LATE_TO_OBJECT


def _a_further_instance(_: Standing, step: Insisting) -> Refusal | None:
    return None if step.heard < INSTANCES else LAST_INSTANCE


def _by_another(standing: Standing, step: Judging) -> Refusal | None:
    return ANOTHER_OFFICER if step.by in {standing.decided_by, *step.barred} else None


def _less(standing: Standing, step: Reducing) -> Refusal | None:
    owed = standing.owed_rial
    return None if owed is not None and 0 < step.owed_rial < owed else NOT_LESS


def _objected(standing: Standing, _: Objecting) -> Standing:
    # The time to pay stands still; the decision sets it anew.
    return replace(standing, object_until=None, due_at=None)


def _judged(standing: Standing, step: Judging) -> Standing:
    return replace(standing, note=step.reason, due_at=step.pay_until)


def _reduced(standing: Standing, step: Reducing) -> Standing:
    return replace(_judged(standing, step), owed_rial=step.owed_rial)


def _cancelled(standing: Standing, step: Judging) -> Standing:
    return replace(_judged(standing, step), owed_rial=0)


_OPEN = frozenset({OBJECTED.name})

OBJECT: Transition[Objecting] = Transition(
    "object", frozenset({NOTIFIED.name}), OBJECTED.name, (_in_time,), _objected
)
INSIST: Transition[Insisting] = Transition(
    "insist",
    frozenset({UPHELD.name, REDUCED.name}),
    OBJECTED.name,
    (_a_further_instance, _in_time_to_pay),
    _objected,
)
UPHOLD: Transition[Judging] = Transition("uphold", _OPEN, UPHELD.name, (_by_another,), _judged)
REDUCE: Transition[Reducing] = Transition(
    "reduce", _OPEN, REDUCED.name, (_by_another, _less), _reduced
)
CANCEL: Transition[Judging] = Transition(
    "cancel", _OPEN, CANCELLED.name, (_by_another,), _cancelled
)

OBJECTION = Part(
    states=(OBJECTED, UPHELD, REDUCED, CANCELLED),
    transitions=(OBJECT, INSIST, UPHOLD, REDUCE, CANCEL),
)
