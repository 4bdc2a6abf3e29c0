"""The signal's programme: what its heads show at each moment."""

from __future__ import annotations

CYCLE_S = 40.0
GREEN_S, AMBER_S = 15.0, 3.0
RED_FROM_S = GREEN_S + AMBER_S
"""Into the cycle, which begins with green."""
GRACE_S = 0.5
"""After red begins; a crossing within it is no offence."""


def lamp_at(time_s: float) -> str:
    """The lamp that is lit.

    >>> [lamp_at(t) for t in (0.0, 14.9, 16.0, 18.0, 39.9, 40.0)]
    ['green', 'green', 'amber', 'red', 'red', 'green']
    """
    into_s = time_s % CYCLE_S
    if into_s < GREEN_S:
        return "green"
    return "amber" if into_s < RED_FROM_S else "red"


def red_for_s(time_s: float) -> float | None:
    """How long it has been red; None while it is not."""
    into_s = time_s % CYCLE_S
    return into_s - RED_FROM_S if into_s >= RED_FROM_S else None


def red_left_s(time_s: float) -> float:
    """How long it is until the cycle ends, with the red of this moment."""
    return CYCLE_S - time_s % CYCLE_S
