"""What goes to a supervisor and comes back: a draft is returned, an issued citation is voided."""

from dataclasses import dataclass, replace

from payesh.tickets.domain.desk import ALREADY_DECIDED, DRAFTED, HOLDER_ONLY, ISSUED
from payesh.tickets.domain.dues import OWING, PAID
from payesh.tickets.domain.standing import Part, Standing, State, Step, Transition

RETURNED = State("returned", "An officer returned the draft to a supervisor, with the reason.")
VOID = State("void", "A supervisor voided it after it was issued; its number is not used again.")

ANY_SUPERVISOR = "supervisor"
"""To whom a draft is returned that is for no supervisor by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returning(Step):
    """`to` is a person's subject or `ANY_SUPERVISOR`; `note` is why, in the officer's words."""

    to: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Step):
    """`note` is the supervisor's answer, or the reason for voiding."""

    note: str


def _returned(standing: Standing, step: Returning) -> Standing:
    return replace(standing, returned_by=step.by, returned_to=step.to, note=step.note)


def _given_back(standing: Standing, step: Noted) -> Standing:
    # It comes to the officer who returned it first; others may take it when that one is away.
    return replace(standing, returned_by=step.by, returned_to=standing.returned_by, note=step.note)


def _voided(standing: Standing, step: Noted) -> Standing:
    return replace(
        standing,
        decided_by=step.by,
        decided_at=step.at,
        note=step.note,
        owed_rial=None,
        object_until=None,
        due_at=None,
    )


_IN_FORCE = frozenset({ISSUED.name, PAID.name, "objected"}) | OWING
"""Whatever is issued and not ended. What was paid for a voided citation is to be given back."""

RETURN: Transition[Returning] = Transition(
    "return_to_supervisor",
    frozenset({DRAFTED.name}),
    RETURNED.name,
    HOLDER_ONLY,
    _returned,
    ALREADY_DECIDED,
)
GIVE_BACK: Transition[Noted] = Transition(
    "give_back", frozenset({RETURNED.name}), DRAFTED.name, effect=_given_back
)
MAKE_VOID: Transition[Noted] = Transition("make_void", _IN_FORCE, VOID.name, effect=_voided)

SUPERVISION = Part(states=(RETURNED, VOID), transitions=(RETURN, GIVE_BACK, MAKE_VOID))
