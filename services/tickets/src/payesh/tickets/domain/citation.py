"""The life of a citation: drafted, claimed by one officer, then issued or rejected."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    DRAFTED = "drafted"
    CLAIMED = "claimed"
    ISSUED = "issued"
    REJECTED = "rejected"


class Rejection(StrEnum):
    """Why a citation ended without a bill. The first six are an officer's to give."""

    PLATE_WRONG = "plate_wrong"
    WRONG_VEHICLE = "wrong_vehicle"
    NO_OFFENCE = "no_offence"
    EVIDENCE_UNCLEAR = "evidence_unclear"
    EMERGENCY_VEHICLE = "emergency_vehicle"
    UNREADABLE = "unreadable"
    CLOCK_UNVERIFIED = "clock_unverified"
    CERTIFICATE_INVALID = "certificate_invalid"
    WITHIN_TOLERANCE = "within_tolerance"
    EVIDENCE_MISSING = "evidence_missing"
    NO_LAW = "no_law"


OFFICER_REASONS = (
    Rejection.PLATE_WRONG,
    Rejection.WRONG_VEHICLE,
    Rejection.NO_OFFENCE,
    Rejection.EVIDENCE_UNCLEAR,
    Rejection.EMERGENCY_VEHICLE,
    Rejection.UNREADABLE,
)


class Refusal(StrEnum):
    """Why an officer may not take a step now."""

    ALREADY_DECIDED = "already-decided"
    CLAIMED_BY_ANOTHER = "claimed-by-another"
    CLAIM_REQUIRED = "claim-required"
    PLATE_DIFFERS = "plate-differs"


@dataclass(frozen=True)
class Standing:
    """Where a citation stands, as stored. `state` is never CLAIMED here: a claim runs out."""

    state: State
    claimed_by: str | None
    claimed_until: datetime | None
    plate_text: str | None

    def at(self, now: datetime) -> State:
        """The state people see: a draft under an unexpired claim is claimed."""
        return State.CLAIMED if self._claimant(now) is not None else self.state

    def refuses_claim(self, officer: str, now: datetime) -> Refusal | None:
        if self.state is not State.DRAFTED:
            return Refusal.ALREADY_DECIDED
        claimant = self._claimant(now)
        return Refusal.CLAIMED_BY_ANOTHER if claimant not in (None, officer) else None

    def refuses_decision(self, officer: str, now: datetime) -> Refusal | None:
        """Only the officer who holds the claim decides, so that no two decide one citation."""
        refused = self.refuses_claim(officer, now)
        if refused is not None:
            return refused
        return None if self._claimant(now) == officer else Refusal.CLAIM_REQUIRED

    def refuses_issue(self, officer: str, plate: str, now: datetime) -> Refusal | None:
        """A bill goes to the plate that the evidence was drafted with, or to nobody."""
        refused = self.refuses_decision(officer, now)
        if refused is not None:
            return refused
        return None if plate == self.plate_text else Refusal.PLATE_DIFFERS

    def _claimant(self, now: datetime) -> str | None:
        if self.state is not State.DRAFTED or self.claimed_until is None:
            return None
        return self.claimed_by if now < self.claimed_until else None


def citation_number(jalali_year: int, serial: int) -> str:
    """The number on the bill.

    >>> citation_number(1405, 12)
    '1405-12'
    """
    return f"{jalali_year:04d}-{serial}"
