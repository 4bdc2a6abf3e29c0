"""A citation's state machine: a standing performs transitions, which are data with guards.

This module is the machine alone. Which states and transitions there are is registered in
`life.py`; those of the officers' desk are in `desk.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from payesh.tickets.domain.readings import Correction


@dataclass(frozen=True, slots=True)
class State:
    """A state of a citation. `name` is stored and published and never changes its meaning.

    `held_as` is the state that people see while an officer's claim on it holds; None for a state
    that cannot be claimed.
    """

    name: str
    meaning: str
    held_as: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a transition is not taken now. `name` is the problem's type in the API."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Hold:
    """An officer's claim, a lease: it ends at `until` without any transition."""

    officer: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Who takes a transition and when. Transitions that need more facts take a subclass.

    `at` is the database's time, which alone decides whether a claim holds.
    """

    by: str
    at: datetime


S = TypeVar("S", bound=Step)

NOT_IN_THIS_STATE = Refusal("not-in-this-state", "the citation's state does not allow this")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a citation stands, as stored.

    `state` is a registered state's name. A claim is `hold` beside it and no state of its own, for
    it runs out by itself. `plate_text` is the drafted plate, or the corrected one once two officers
    read it; None where a rule rejected. `final_at` is when a decision can no longer be undone;
    `returned_by` and `returned_to` are of the last time it was returned or its plate confirmed, and
    `note` is what a person wrote about that, or about voiding it. `correction` is the last one of
    its plate, confirmed or not.

    From the owner's notification on, `owed_rial` is what is owed, `object_until` the moment before
    which an objection is heard (None: no more), and `due_at` the moment at which the law moves the
    citation on by itself. `is_doubled` is true once an unpaid amount was doubled.
    """

    state: str
    plate_text: str | None = None
    hold: Hold | None = None
    reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    number: str | None = None
    final_at: datetime | None = None
    returned_by: str | None = None
    returned_to: str | None = None
    note: str | None = None
    owed_rial: int | None = None
    object_until: datetime | None = None
    due_at: datetime | None = None
    is_doubled: bool = False
    correction: Correction | None = None

    def holder(self, now: datetime) -> str | None:
        """The officer whose claim holds at `now`."""
        return self.hold.officer if self.hold is not None and now < self.hold.until else None

    def refusal(self, transition: "Transition[S]", step: S) -> Refusal | None:
        """Why `transition` may not be taken, by the first guard that refuses; None: it may."""
        if self.state not in transition.leaves:
            return transition.misplaced
        refusals = (guard(self, step) for guard in transition.guards)
        return next((each for each in refusals if each is not None), None)

    def after(self, transition: "Transition[S]", step: S) -> "Standing | Refusal":
        """The standing that `transition` leads to, or why it may not be taken.

        A claim ends with the state that it was made in, unless the transition makes another.
        """
        refused = self.refusal(transition, step)
        if refused is not None:
            return refused
        changed = transition.effect(self, step)
        is_kept = transition.reaches == self.state or changed.hold is not self.hold
        hold = changed.hold if is_kept else None
        return replace(changed, state=transition.reaches, hold=hold)


Guard = Callable[[Standing, S], Refusal | None]


def unchanged(standing: Standing, _: Step) -> Standing:
    """The effect of a transition that changes the state and nothing else."""
    return standing


@dataclass(frozen=True, slots=True)
class Transition(Generic[S]):
    """One way to go on: from any state of `leaves` to `reaches`, if no guard refuses.

    `effect` sets what the transition records besides the state. `misplaced` is the refusal in any
    other state than those of `leaves`. `is_signed` is false for what may still be undone, and for
    undoing it: such a step is in the citation's history and in no signed statement.
    """

    name: str
    leaves: frozenset[str]
    reaches: str
    guards: tuple[Guard[S], ...] = ()
    effect: Callable[[Standing, S], Standing] = unchanged
    misplaced: Refusal = NOT_IN_THIS_STATE
    is_signed: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """States and transitions that one module brings to a citation's life."""

    states: tuple[State, ...] = ()
    transitions: tuple[Transition[Any], ...] = ()
