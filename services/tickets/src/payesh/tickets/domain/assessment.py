"""May a violation and its plate read become a citation? Rules only; no clock, no storage."""

from dataclasses import dataclass
from datetime import datetime

from payesh.tickets.domain.citation import Rejection
from payesh.tickets.domain.law import SPEEDING, JalaliDay, LawTable, Price


@dataclass(frozen=True)
class Offence:
    """What is known of a violation before any plate was read.

    `lower_bound` and `limit` are in the measurement's unit (km/h for speeding). Times are aware.
    """

    rule: str
    lower_bound: float
    limit: float
    captured_at: datetime
    captured_on: JalaliDay
    clock_verified: bool
    certificate_valid_from: datetime | None
    certificate_valid_to: datetime | None
    place_class: str
    vehicle_class: str

    @property
    def excess_kmh(self) -> float:
        """Lower bound above the limit; 0 for rules that measure no speed."""
        return self.lower_bound - self.limit if self.rule == SPEEDING else 0.0


def assess_offence(offence: Offence, law: LawTable) -> Price | Rejection:
    """The law an offence is priced with, or why no citation may be drafted whoever drove."""
    if not offence.clock_verified:
        return Rejection.CLOCK_UNVERIFIED
    if not _in_date(offence):
        return Rejection.CERTIFICATE_INVALID
    if offence.rule == SPEEDING and offence.excess_kmh <= law.tolerance_kmh(offence.captured_on):
        return Rejection.WITHIN_TOLERANCE
    price = law.price(
        offence.rule,
        offence.excess_kmh,
        day=offence.captured_on,
        place_class=offence.place_class,
        vehicle_class=offence.vehicle_class,
    )
    return price if price is not None else Rejection.NO_LAW


def is_readable(*, has_plate: bool, confidence: float, minimum_confidence: float) -> bool:
    """Is a plate read sure enough to be put before an officer?"""
    return has_plate and confidence >= minimum_confidence


def _in_date(offence: Offence) -> bool:
    starts, ends = offence.certificate_valid_from, offence.certificate_valid_to
    return starts is not None and ends is not None and starts <= offence.captured_at <= ends
