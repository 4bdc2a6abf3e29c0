"""Joining a violation and its plate read, whichever comes first, into exactly one citation."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import CitationRejected, PlateRead, ViolationDetected
from payesh.contracts.event import deterministic_id
from payesh.contracts.tickets import LawReference
from payesh.contracts.values import ClockSource, MeasuredQuantity
from payesh.contracts.vocabulary import ReadOutcome, RejectionReason
from payesh.kit import outbox
from payesh.kit.telemetry import current_traceparent
from payesh.tickets import metrics
from payesh.tickets.adapters import bundle_jobs, citations, waiting_room
from payesh.tickets.adapters.law_basis import basis_of
from payesh.tickets.domain.assessment import Offence, assess_offence, is_readable
from payesh.tickets.domain.citation import Rejection
from payesh.tickets.domain.law import LawTable, Price
from payesh.tickets.jalali import jalali_day


@dataclass(frozen=True)
class JoinRules:
    """What the deployer published: the law, how sure a read must be, how long a violation waits for
    one, and how long a read is kept that no violation has asked for."""

    law: LawTable
    minimum_read_confidence: float
    read_deadline: timedelta
    read_keep: timedelta


def citation_id_of(violation_id: UUID) -> UUID:
    """The same violation gives the same citation however often it arrives."""
    return deterministic_id("tickets.citation", violation_id)


async def receive_violation(
    session: AsyncSession, violation: ViolationDetected, rules: JoinRules
) -> None:
    """Reject, join with the read that is here, or wait for it."""
    await waiting_room.lock_passage(session, violation.passage_id)
    if await _is_known(session, violation.violation_id):
        return
    verdict = assess_offence(_offence(violation), rules.law)
    if isinstance(verdict, Rejection):
        await reject(session, violation, verdict)
        return
    read = await waiting_room.read_of(session, violation.passage_id)
    if read is None:
        await waiting_room.add_violation(session, violation, rules.read_deadline)
    else:
        await _join(session, violation, read, verdict, rules)


async def receive_read(session: AsyncSession, read: PlateRead, rules: JoinRules) -> None:
    """Join with every violation of the passage that waits; later ones find the read here."""
    await waiting_room.lock_passage(session, read.passage_id)
    await waiting_room.add_read(session, read, rules.read_keep)
    for violation in await waiting_room.take_violations(session, read.passage_id):
        verdict = assess_offence(_offence(violation), rules.law)
        if isinstance(verdict, Rejection):  # the law table may have been changed while it waited
            await reject(session, violation, verdict)
        else:
            await _join(session, violation, read, verdict, rules)


async def reject_overdue(session: AsyncSession, passage_id: UUID, at: datetime) -> None:
    """No read had come when the deadline had passed, `at`: the plate counts as unreadable."""
    await waiting_room.lock_passage(session, passage_id)
    for violation in await waiting_room.take_overdue(session, passage_id, at):
        await reject(session, violation, Rejection.UNREADABLE)


async def reject(session: AsyncSession, violation: ViolationDetected, reason: Rejection) -> None:
    """End a violation as a rejected citation, unless it has a citation already."""
    citation_id = citation_id_of(violation.violation_id)
    rejected_at = await citations.add_rejected(session, citation_id, violation, reason)
    if rejected_at is None:
        return
    metrics.rejections.labels(reason).inc()
    await outbox.add(
        session,
        CitationRejected(
            camera_id=violation.camera_id,
            county=violation.county,
            road_class=violation.road_class,
            place_class=violation.place_class,
            citation_id=citation_id,
            violation_id=violation.violation_id,
            reason=RejectionReason(reason),
            officer=None,
            rejected_at=rejected_at,
        ),
    )


async def _join(
    session: AsyncSession,
    violation: ViolationDetected,
    read: PlateRead,
    price: Price,
    rules: JoinRules,
) -> None:
    readable = is_readable(
        has_plate=read.outcome == ReadOutcome.READ and read.plate is not None,
        confidence=read.confidence,
        minimum_confidence=rules.minimum_read_confidence,
    )
    if not readable:
        await reject(session, violation, Rejection.UNREADABLE)
        return
    await bundle_jobs.add(
        session,
        citation_id=citation_id_of(violation.violation_id),
        violation=violation,
        read=read,
        law=LawReference(
            table=rules.law.name,
            table_sha256=rules.law.sha256,
            offence_code=price.offence.code,
            decree=price.decree,
            amount_rial=price.amount_rial,
        ),
        law_basis=basis_of(rules.law, price, jalali_day(violation.captured_at)).to_json(),
        traceparent=current_traceparent(),
    )


async def _is_known(session: AsyncSession, violation_id: UUID) -> bool:
    # The inbox forgets; what a violation became does not.
    if await citations.exists_for(session, violation_id):
        return True
    return await bundle_jobs.has(session, citation_id_of(violation_id))


def _offence(violation: ViolationDetected) -> Offence:
    certificate, measured = violation.certificate, violation.measurement
    bound, limit = (
        (measured.lower_bound, measured.limit)
        if isinstance(measured, MeasuredQuantity)
        else (measured.margin.lower_bound, 0.0)
    )
    return Offence(
        rule=violation.rule,
        lower_bound=bound,
        limit=limit,
        captured_at=violation.captured_at,
        captured_on=jalali_day(violation.captured_at),
        clock_verified=violation.clock_source is not ClockSource.UNVERIFIED,
        certificate_valid_from=certificate.valid_from if certificate else None,
        certificate_valid_to=certificate.valid_to if certificate else None,
        place_class=violation.place_class,
        vehicle_class=violation.vehicle.vehicle_class,
    )
