"""States and transitions of the officers' desk: claim, release, issue, reject."""

from dataclasses import dataclass, replace
from datetime import timedelta

from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.domain.standing import Hold, Part, Refusal, Standing, State, Step, Transition

DRAFTED = State(
    "drafted", "Evidence is stored and locked; an officer may claim it.", held_as="claimed"
)
ISSUED = State("issued", "An officer issued it to the drafted plate, under a number.")
REJECTED = State("rejected", "It ended without a fine: by an officer, or by a rule before any.")

ALREADY_DECIDED = Refusal("already-decided", "this citation is decided")
CLAIMED_BY_ANOTHER = Refusal("claimed-by-another", "another officer holds this citation")
CLAIM_REQUIRED = Refusal("claim-required", "claim this citation first; a claim may have run out")
PLATE_DIFFERS = Refusal(
    "plate-differs", "the plate differs from the drafted one: reject with plate_wrong"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claiming(Step):
    lease: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing(Step):
    """`plate` is canonical text, given by the officer to confirm the drafted one."""

    plate: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejecting(Step):
    reason: Rejection


def drafted(plate_text: str) -> Standing:
    """Where a citation begins whose evidence is stored."""
    return Standing(DRAFTED.name, plate_text)


def rejected_by_rule(reason: Rejection) -> Standing:
    """Where a citation begins and ends that no officer sees; it keeps no plate."""
    return Standing(REJECTED.name, reason=reason)


def _not_held_by_another(standing: Standing, step: Step) -> Refusal | None:
    return None if standing.holder(step.at) in (None, step.by) else CLAIMED_BY_ANOTHER


def _held(standing: Standing, step: Step) -> Refusal | None:
    return None if standing.holder(step.at) is not None else CLAIM_REQUIRED


def _plate_is_the_drafted_one(standing: Standing, step: Issuing) -> Refusal | None:
    return None if step.plate == standing.plate_text else PLATE_DIFFERS


def _claimed(standing: Standing, step: Claiming) -> Standing:
    return replace(standing, hold=Hold(step.by, step.at + step.lease))


def _released(standing: Standing, _: Step) -> Standing:
    return replace(standing, hold=None)


def _issued(standing: Standing, step: Issuing) -> Standing:
    return replace(standing, number=step.number, decided_by=step.by, decided_at=step.at)


def _rejected(standing: Standing, step: Rejecting) -> Standing:
    return replace(standing, reason=step.reason, decided_by=step.by, decided_at=step.at)


_UNDECIDED = frozenset({DRAFTED.name})
HOLDER_ONLY = (_not_held_by_another, _held)
"""Only the officer who holds the claim decides, so that no two decide one citation."""

CLAIM: Transition[Claiming] = Transition(
    "claim", _UNDECIDED, DRAFTED.name, (_not_held_by_another,), _claimed, ALREADY_DECIDED
)
RELEASE: Transition[Step] = Transition(
    "release", _UNDECIDED, DRAFTED.name, HOLDER_ONLY, _released, ALREADY_DECIDED
)
ISSUE: Transition[Issuing] = Transition(
    "issue",
    _UNDECIDED,
    ISSUED.name,
    (*HOLDER_ONLY, _plate_is_the_drafted_one),
    _issued,
    ALREADY_DECIDED,
)
REJECT: Transition[Rejecting] = Transition(
    "reject", _UNDECIDED, REJECTED.name, HOLDER_ONLY, _rejected, ALREADY_DECIDED
)


def citation_number(jalali_year: int, serial: int) -> str:
    """The number under which a citation is issued.

    >>> citation_number(1405, 12)
    '1405-12'
    """
    return f"{jalali_year:04d}-{serial}"


DESK = Part(states=(DRAFTED, ISSUED, REJECTED), transitions=(CLAIM, RELEASE, ISSUE, REJECT))
