"""A decision becomes final: until then its officer may undo it, afterwards the service numbers it
and publishes it."""

from dataclasses import dataclass, replace
from datetime import timedelta

from payesh.tickets.domain.desk import DECIDED, DRAFTED, ISSUED, REJECTED
from payesh.tickets.domain.standing import Hold, Part, Refusal, Standing, Step, Transition

NOT_YOURS = Refusal("decided-by-another", "another officer decided this citation")
TOO_LATE = Refusal("undo-too-late", "the decision is final: it can no longer be undone")
NOT_DUE = Refusal("not-due", "the decision can still be undone")
OTHER_DECISION = Refusal("other-decision", "the officer decided otherwise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing(Step):
    """The officer holds the draft again for `lease`."""

    lease: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering(Step):
    """`by` is the officer who decided; `number` is drawn in the same transaction."""

    number: str


def is_to_be_issued(standing: Standing) -> bool:
    """Whether a decided citation was decided to be issued; else it is to be rejected."""
    return standing.reason is None


def _by_who_decided(standing: Standing, step: Step) -> Refusal | None:
    return None if standing.decided_by == step.by else NOT_YOURS


def _before_it_is_final(standing: Standing, step: Step) -> Refusal | None:
    return None if standing.final_at is not None and step.at < standing.final_at else TOO_LATE


def _due(standing: Standing, step: Step) -> Refusal | None:
    return None if standing.final_at is None or step.at >= standing.final_at else NOT_DUE


def _to_be_issued(standing: Standing, _: Step) -> Refusal | None:
    return None if is_to_be_issued(standing) else OTHER_DECISION


def _to_be_rejected(standing: Standing, _: Step) -> Refusal | None:
    return OTHER_DECISION if is_to_be_issued(standing) else None


def _undone(standing: Standing, step: Undoing) -> Standing:
    return replace(
        standing,
        hold=Hold(step.by, step.at + step.lease),
        reason=None,
        decided_by=None,
        decided_at=None,
        final_at=None,
    )


def _numbered(standing: Standing, step: Numbering) -> Standing:
    # What was answered about the draft is no reason of the citation, and would be signed as one.
    return replace(standing, number=step.number, decided_at=step.at, note=None)


def _ended(standing: Standing, step: Step) -> Standing:
    return replace(standing, decided_at=step.at)


def _held(standing: Standing, _: Step) -> Standing:
    return replace(standing, reason=None, decided_by=None, decided_at=None, final_at=None)


_DECIDED = frozenset({DECIDED.name})

UNDO: Transition[Undoing] = Transition(
    "undo",
    _DECIDED,
    DRAFTED.name,
    (_by_who_decided, _before_it_is_final),
    _undone,
    TOO_LATE,
    is_signed=False,
)
BECOME_ISSUED: Transition[Numbering] = Transition(
    "become_issued", _DECIDED, ISSUED.name, (_due, _to_be_issued), _numbered
)
BECOME_REJECTED: Transition[Step] = Transition(
    "become_rejected", _DECIDED, REJECTED.name, (_due, _to_be_rejected), _ended
)
BECOME_HELD: Transition[Step] = Transition(
    "become_held", _DECIDED, DRAFTED.name, (_due, _to_be_issued), _held, is_signed=False
)
"""What would have kept the officer from issuing came while the decision could still be undone."""

BY_THE_SERVICE = frozenset({BECOME_ISSUED.name, BECOME_REJECTED.name, BECOME_HELD.name})
"""Transitions that no person takes: the deadline does."""

FINALITY = Part(transitions=(UNDO, BECOME_ISSUED, BECOME_REJECTED, BECOME_HELD))
