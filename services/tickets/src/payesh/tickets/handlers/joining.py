"""Joining a violation and its plate read, whichever comes first, into exactly one citation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import PlateRead, ViolationDetected
from payesh.contracts.plate_text import fold
from payesh.contracts.vocabulary import ReadOutcome
from payesh.kit import outbox
from payesh.kit.errors import MessageFault
from payesh.kit.telemetry import current_traceparent
from payesh.tickets import metrics
from payesh.tickets.adapters import bundle_jobs, citations, waiting_room
from payesh.tickets.adapters.violations import citation_id_of, offence_of
from payesh.tickets.domain.assessment import Offence, assess_offence, is_readable
from payesh.tickets.domain.law import LawTable, Price
from payesh.tickets.domain.law_book import LawBook
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.evidence.joined_case import JoinedCase
from payesh.tickets.evidence.law_basis import basis_of, reference_of
from payesh.tickets.handlers import events
from payesh.tickets.handlers.law_reading import brought_up


@dataclass(frozen=True, slots=True)
class JoiningDependencies:
    """What joining rests on: the law, how sure a read must be, how long a violation waits for one,
    and how long a read is kept that no violation has asked for."""

    law: LawBook
    minimum_read_confidence: float
    read_deadline: timedelta
    read_keep: timedelta


@dataclass(frozen=True, slots=True)
class Priced:
    """An offence that may become a citation: with the table in force on its day and its price."""

    offence: Offence
    table: LawTable
    price: Price


async def hold_passages(session: AsyncSession, passage_ids: Sequence[UUID]) -> None:
    """Until the transaction ends no other joins violations and reads of these passages."""
    await waiting_room.lock_passages(session, passage_ids)


def passages_of(event: ViolationDetected | PlateRead) -> tuple[UUID, ...]:
    """The passages whose reads an event is joined with or brings."""
    entry = event.entry_passage if isinstance(event, ViolationDetected) else None
    return (event.passage_id,) if entry is None else (entry.passage_id, event.passage_id)


async def receive_violation(
    session: AsyncSession, dependencies: JoiningDependencies, violation: ViolationDetected
) -> bool:
    """Reject, join with the reads that are here, or wait for one; whether it was joined. The caller
    holds the violation's passages."""
    # The inbox forgets; what a violation became does not.
    if await citations.is_known(session, violation.violation_id):
        return False
    assessed = assess(violation, await brought_up(session, dependencies.law))
    if isinstance(assessed, Rejection):
        await reject(session, violation, assessed)
        return False
    return await _join_or_wait(session, dependencies, violation, assessed)


async def receive_read(
    session: AsyncSession, dependencies: JoiningDependencies, read: PlateRead
) -> bool:
    """Join with every violation that waits for it; later ones find the read here. Whether one was
    joined. The caller holds the passage. Raises MessageFault for a plate in another spelling than
    the canonical one: it would equal no plate, and miss its exemption."""
    if read.plate is not None and fold(read.plate.text) != read.plate.text:
        raise MessageFault("the plate's text is not canonical", retry=False)
    joined = False
    await waiting_room.add_read(session, read, dependencies.read_keep)
    waiting = await waiting_room.take_violations(session, read.passage_id)
    law = await brought_up(session, dependencies.law) if waiting else dependencies.law
    for violation in waiting:
        assessed = assess(violation, law)
        if isinstance(assessed, Rejection):  # the law may have changed while it waited
            await reject(session, violation, assessed)
        else:
            if violation.entry_passage is not None:
                # Of two reads that come at one moment, the second to hold both passages sees both.
                await hold_passages(session, passages_of(violation))
            joined |= await _join_or_wait(session, dependencies, violation, assessed)
    return joined


async def reject_overdue(session: AsyncSession, passage_id: UUID, at: datetime) -> None:
    """No read had come when the deadline had passed, `at`: the plate counts as unreadable."""
    await hold_passages(session, [passage_id])
    for violation in await waiting_room.take_overdue(session, passage_id, at):
        await reject(session, violation, Rejection.UNREADABLE)


async def reject(session: AsyncSession, violation: ViolationDetected, reason: Rejection) -> None:
    """End a violation as a rejected citation, unless it has a citation already."""
    citation_id = citation_id_of(violation.violation_id)
    rejected_at = await citations.add_rejected(session, citation_id, violation, reason)
    if rejected_at is None:
        return
    metrics.rejections.labels(reason).inc()
    await outbox.add(session, events.violation_rejected(violation, reason, rejected_at))


def assess(violation: ViolationDetected, law: LawBook) -> Priced | Rejection:
    """What the law of the violation's day makes of it, before any plate is looked at."""
    offence = offence_of(violation)
    table = law.law_on(offence.captured_on)
    verdict = assess_offence(offence, table)
    return verdict if isinstance(verdict, Rejection) else Priced(offence, table, verdict)


def join(
    violation: ViolationDetected,
    read: PlateRead,
    priced: Priced,
    *,
    minimum_confidence: float,
    entry_read: PlateRead | None = None,
) -> JoinedCase | Rejection:
    """The case of a citation, or why its reads do not carry one. `entry_read` is the one where a
    stretch begins: two reads have to be of one plate."""
    for each in (read, entry_read):
        if each is not None and not is_readable(
            has_plate=each.outcome == ReadOutcome.READ and each.plate is not None,
            confidence=each.confidence,
            minimum_confidence=minimum_confidence,
        ):
            return Rejection.UNREADABLE
    if entry_read is not None and entry_read.plate != read.plate:
        return Rejection.UNREADABLE
    table, price = priced.table, priced.price
    return JoinedCase(
        citation_id=citation_id_of(violation.violation_id),
        violation=violation,
        read=read,
        law=reference_of(table, price),
        law_basis=basis_of(table, price, priced.offence.captured_on).to_json(),
        entry_read=entry_read,
    )


async def _join_or_wait(
    session: AsyncSession,
    dependencies: JoiningDependencies,
    violation: ViolationDetected,
    priced: Priced,
) -> bool:
    """Join a violation all of whose reads are here, and return True; one that lacks a read waits
    for that one."""
    reads: list[PlateRead] = []
    for passage_id in passages_of(violation):
        read = await waiting_room.read_of(session, passage_id)
        if read is None:
            waits = dependencies.read_deadline
            await waiting_room.add_violation(session, violation, passage_id, waits)
            return False
        reads.append(read)
    *entries, read = reads
    joined = join(
        violation,
        read,
        priced,
        minimum_confidence=dependencies.minimum_read_confidence,
        entry_read=entries[0] if entries else None,
    )
    if isinstance(joined, Rejection):
        await reject(session, violation, joined)
        return False
    await bundle_jobs.add(session, joined, current_traceparent())
    return True
