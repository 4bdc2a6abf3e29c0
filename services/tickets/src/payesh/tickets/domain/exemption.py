"""Exempt vehicles: what one person proposes and another approves, for days and for a plate."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.domain.standing import Refusal


class ExemptionState(StrEnum):
    """Where an exemption stands. An ended one was in force until it was ended."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    ENDED = "ended"


DAYS_REVERSED = Refusal("days-reversed", "the last day lies before the first")
TOO_LONG = Refusal("too-long", "an exemption lasts a year at most: propose it anew then")
SECOND_PERSON = Refusal("second-person", "who proposed an exemption does not approve it")
EXEMPTION_OVER = Refusal("exemption-over", "its last day has passed")
EXEMPTION_STATE = Refusal("exemption-state", "this exemption's state does not allow this")


@dataclass(frozen=True, slots=True)
class Exempted:
    """What an exemption is about; it never changes after it was proposed, so that what is approved
    is what was read.

    `plate` is canonical text. `county` None is the whole province, `vehicle_class` None any class.
    Both days are included.
    """

    plate: str
    county: str | None
    vehicle_class: str | None
    first: JalaliDay
    last: JalaliDay
    reason: str
    legal_basis: str

    def fault(self) -> Refusal | None:
        """What forbids proposing it; None: nothing. A year at most, so that people look through
        the list at least once a year."""
        if self.last < self.first:
            return DAYS_REVERSED
        a_year_on = self.first._replace(year=self.first.year + 1)
        return TOO_LONG if self.last > a_year_on else None


@dataclass(frozen=True, slots=True)
class ExemptionStanding:
    """`decided_by` approved or refused it; `note` is why it was refused or ended."""

    state: ExemptionState
    proposed_by: str
    decided_by: str | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    note: str | None = None

    def approved(
        self, by: str, *, last: JalaliDay, today: JalaliDay
    ) -> "ExemptionStanding | Refusal":
        """In force from its first day on."""
        if self.state is not ExemptionState.PROPOSED:
            return EXEMPTION_STATE
        if by == self.proposed_by:
            return SECOND_PERSON
        if last < today:
            return EXEMPTION_OVER
        return replace(self, state=ExemptionState.APPROVED, decided_by=by)

    def refused(self, by: str, note: str) -> "ExemptionStanding | Refusal":
        """Never in force; its proposer may refuse it too, as taking it back."""
        if self.state is not ExemptionState.PROPOSED:
            return EXEMPTION_STATE
        return replace(self, state=ExemptionState.REFUSED, decided_by=by, note=note)

    def ended(self, by: str, note: str, at: datetime) -> "ExemptionStanding | Refusal":
        """What is captured from `at` on is not held for it any more."""
        if self.state is not ExemptionState.APPROVED:
            return EXEMPTION_STATE
        return replace(self, state=ExemptionState.ENDED, ended_by=by, ended_at=at, note=note)
