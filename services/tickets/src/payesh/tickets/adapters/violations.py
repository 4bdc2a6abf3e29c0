"""A violation as published, put into the terms of the domain."""

from uuid import UUID

from payesh.contracts import ViolationDetected
from payesh.contracts.detect import EntryPassage
from payesh.contracts.event import deterministic_id
from payesh.contracts.values import ClockSource, MeasuredQuantity, Measurement
from payesh.tickets.domain.assessment import Entry, Offence
from payesh.tickets.domain.rules import Happening, Measured, Quantity
from payesh.tickets.jalali import jalali_day


def citation_id_of(violation_id: UUID) -> UUID:
    """The same violation gives the same citation however often it arrives."""
    return deterministic_id("tickets.citation", violation_id)


def offence_of(violation: ViolationDetected) -> Offence:
    """What the law is asked about."""
    certificate, entry = violation.certificate, violation.entry_passage
    return Offence(
        rule=violation.rule,
        measured=measured_of(violation.measurement),
        captured_at=violation.captured_at,
        captured_on=jalali_day(violation.captured_at),
        clock_verified=violation.clock_source is not ClockSource.UNVERIFIED,
        certificate_valid_from=certificate.valid_from if certificate else None,
        certificate_valid_to=certificate.valid_to if certificate else None,
        entry=None if entry is None or violation.driven is None else _entry_of(entry),
        place_class=violation.place_class,
        vehicle_class=violation.vehicle.vehicle_class,
    )


def _entry_of(entry: EntryPassage) -> Entry:
    certificate = entry.certificate
    return Entry(
        captured_at=entry.captured_at,
        clock_verified=entry.clock_source is not ClockSource.UNVERIFIED,
        certificate_valid_from=certificate.valid_from if certificate else None,
        certificate_valid_to=certificate.valid_to if certificate else None,
    )


def measured_of(measurement: Measurement) -> Measured:
    if isinstance(measurement, MeasuredQuantity):
        return Quantity(measurement.quantity, measurement.lower_bound, measurement.limit)
    facts = measurement.facts
    present = frozenset(name for name, fact in facts if fact)
    lamp = facts.signal.lamp if facts.signal is not None else None
    return Happening(measurement.margin.lower_bound, present, lamp)
