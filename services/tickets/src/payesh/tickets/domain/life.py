"""The life of a citation: every state and transition there is, by registration.

A new state is one module with a `Part`, and one entry in `PARTS`
(docs/guides/add-a-citation-state.md).
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from payesh.tickets.domain.correction import CORRECTION
from payesh.tickets.domain.desk import DESK
from payesh.tickets.domain.dues import DUES
from payesh.tickets.domain.finality import FINALITY
from payesh.tickets.domain.objection import OBJECTION
from payesh.tickets.domain.standing import Part, Standing, State, Transition
from payesh.tickets.domain.supervision import SUPERVISION
from payesh.tickets.domain.warning import WARNING

PARTS: dict[str, Part] = {
    "desk": DESK,
    "finality": FINALITY,
    "supervision": SUPERVISION,
    "dues": DUES,
    "objection": OBJECTION,
    "correction": CORRECTION,
    "warning": WARNING,
}

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def states() -> dict[str, State]:
    """Every registered state by its name."""
    return {state.name: state for part in PARTS.values() for state in part.states}


def transitions() -> dict[str, Transition[Any]]:
    """Every registered transition by its name."""
    return {each.name: each for part in PARTS.values() for each in part.transitions}


def may_follow(state: str) -> frozenset[str]:
    """Names of the states that one transition leads to from `state`, itself included where a
    transition stays in it."""
    return frozenset(each.reaches for each in transitions().values() if state in each.leaves)


def vocabulary() -> dict[str, str]:
    """Every state that people see, with its meaning: the registered ones and their held forms."""
    found: dict[str, str] = {}
    for state in states().values():
        found[state.name] = state.meaning
        if state.held_as is not None:
            found[state.held_as] = f"As `{state.name}`, while an officer's claim on it holds."
    return found


def shown_state(standing: Standing, now: datetime) -> str:
    """The state that people see: a draft under an unexpired claim is claimed.

    A state that is not registered here, stored by a newer version, is shown by its name.
    """
    state = states().get(standing.state)
    if state is None or state.held_as is None or standing.holder(now) is None:
        return standing.state
    return state.held_as


def faults() -> Iterator[str]:
    """What makes the registered parts no machine, each in words; a test demands none."""
    parts = list(PARTS.values())
    all_states = [state for part in parts for state in part.states]
    held = [state.held_as for state in all_states if state.held_as is not None]
    taken = [each.name for part in parts for each in part.transitions]
    names = [*(state.name for state in all_states), *held, *taken]
    yield from (f"{name} is registered twice" for name in sorted(_repeated(names)))
    yield from (f"{name} is no identifier" for name in names if not _NAME.fullmatch(name))
    known = states().keys()
    for each in transitions().values():
        for end in (*each.leaves, each.reaches):
            if end not in known:
                yield f"{each.name} leaves or reaches {end}, which is not registered"


def _repeated(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}
