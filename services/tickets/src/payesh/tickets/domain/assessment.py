"""May a violation and its plate read become a citation? Rules only; no clock, no storage."""

from dataclasses import dataclass
from datetime import datetime

from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.domain.law import LawTable, Price
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.domain.rules import ASSESSORS, Measured


@dataclass(frozen=True, slots=True)
class Entry:
    """The other camera of an average speed: where its stretch begins. Times are aware."""

    captured_at: datetime
    clock_verified: bool
    certificate_valid_from: datetime | None
    certificate_valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class Offence:
    """What is known of a violation before any plate was read. Times are aware."""

    rule: str
    measured: Measured
    captured_at: datetime
    captured_on: JalaliDay
    clock_verified: bool
    certificate_valid_from: datetime | None
    certificate_valid_to: datetime | None
    place_class: str
    vehicle_class: str
    entry: Entry | None = None

    @property
    def captures(self) -> tuple["Offence | Entry", ...]:
        """Each camera's capture that it rests on."""
        return (self,) if self.entry is None else (self, self.entry)


def assess_offence(offence: Offence, law: LawTable) -> Price | Rejection:
    """The law that prices an offence, or why no citation may be drafted for any plate."""
    if not all(each.clock_verified for each in offence.captures):
        return Rejection.CLOCK_UNVERIFIED
    if not all(_in_date(each) for each in offence.captures):
        return Rejection.CERTIFICATE_INVALID
    assessor = ASSESSORS.get(offence.rule)
    if assessor is None or assessor.excess_kmh(offence.measured) is None:
        return Rejection.NO_LAW
    if assessor.has_entry != (offence.entry is not None):
        return Rejection.NO_LAW
    if assessor.is_tolerated(offence.measured, law.tolerance_kmh(offence.captured_on)):
        return Rejection.WITHIN_TOLERANCE
    price = price_of(offence, law)
    return price if price is not None else Rejection.NO_LAW


def price_of(offence: Offence, law: LawTable) -> Price | None:
    """The row of `law` that prices an offence, doubts aside; None where there is none."""
    assessor = ASSESSORS.get(offence.rule)
    excess_kmh = assessor.excess_kmh(offence.measured) if assessor is not None else None
    if excess_kmh is None:
        return None
    return law.price(
        offence.rule,
        excess_kmh,
        day=offence.captured_on,
        place_class=offence.place_class,
        vehicle_class=offence.vehicle_class,
    )


def is_readable(*, has_plate: bool, confidence: float, minimum_confidence: float) -> bool:
    """Is a plate read sure enough to be put before an officer?"""
    return has_plate and confidence >= minimum_confidence


def _in_date(capture: Offence | Entry) -> bool:
    starts, ends = capture.certificate_valid_from, capture.certificate_valid_to
    return starts is not None and ends is not None and starts <= capture.captured_at <= ends
