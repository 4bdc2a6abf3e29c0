"""Warnings: an offence that is found proved in a period in which its camera only warns."""

from dataclasses import dataclass, replace

from payesh.tickets.domain.desk import DECIDED
from payesh.tickets.domain.finality import is_to_be_issued
from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.domain.standing import Part, Refusal, Standing, State, Step, Transition

WARNED = State(
    "warned", "Found proved while its camera only warned: nothing is owed, and it has no number."
)
DAYS_REVERSED = Refusal("days-reversed", "the last day lies before the first")
TOO_LONG = Refusal("too-long", "a period of warnings lasts a year at most")
NOT_ISSUING = Refusal("other-decision", "the officer decided otherwise")


@dataclass(frozen=True, slots=True)
class WarningPeriod:
    """In which what a camera captured is warned of and not fined; both days, in Tehran, included.

    `county` is the camera's: who supervises another one does not change it.
    """

    camera_id: str
    county: str
    first: JalaliDay
    last: JalaliDay
    reason: str

    def fault(self) -> Refusal | None:
        """What forbids it; None: nothing. A year at most: a camera that warns for ever is looked
        at by nobody."""
        if self.last < self.first:
            return DAYS_REVERSED
        a_year_on = self.first._replace(year=self.first.year + 1)
        return TOO_LONG if self.last > a_year_on else None


def _to_be_issued(standing: Standing, _: Step) -> Refusal | None:
    return None if is_to_be_issued(standing) else NOT_ISSUING


def _warned(standing: Standing, step: Step) -> Standing:
    return replace(standing, decided_at=step.at, note=None)


BECOME_WARNED: Transition[Step] = Transition(
    "become_warned", frozenset({DECIDED.name}), WARNED.name, (_to_be_issued,), _warned
)

WARNING = Part(states=(WARNED,), transitions=(BECOME_WARNED,))
