"""Average speeds: crossings kept with their reads, and stretches judged once they have settled."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import PassageObserved, PlateRead
from payesh.contracts.camera_revision import Stretch
from payesh.contracts.values import ClockSource, Provenance
from payesh.contracts.vocabulary import ReadOutcome
from payesh.kit import outbox
from payesh.kit.database import Database
from payesh.kit.errors import DependencyFault
from payesh.kit.telemetry import current_traceparent, tracer, use_traceparent
from payesh.plates import metrics
from payesh.plates.adapters import stretch_crossings
from payesh.plates.adapters.reads import stored_text
from payesh.plates.adapters.stretch_crossings import DueCrossing, StoredCrossing
from payesh.plates.domain import stretch_verdict
from payesh.plates.domain.average_speed import Passing, Way
from payesh.plates.domain.stretch_verdict import (
    Crossed,
    Judgement,
    SeenAt,
    Surroundings,
    Verdict,
    judge,
)
from payesh.plates.handlers.stretch_event import average_speed_violation

log = structlog.get_logger(__name__)

_AT_ONCE = 500
_FAILED = "failed"
_FAILED_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class StretchRules:
    """`settle` is how long the end of a stretch waits for other sightings before it is judged;
    `keep` how long a crossing waits for the other one. A read surer than `minimum_confidence`
    would carry a citation."""

    settle: timedelta
    keep: timedelta
    minimum_confidence: float


async def keep_crossings(
    session: AsyncSession, rules: StretchRules, passage: PassageObserved, read: PlateRead
) -> None:
    """Store the crossings of a passage with its read; part of the read's transaction."""
    if not passage.crossings:
        return
    text = stored_text(read)
    if text is not None:
        await stretch_crossings.hold_plate(session, text)
    for crossing in stored_crossings(passage, read, rules.minimum_confidence):
        line = crossing.crossing.line.name
        ends = [one.name for one in passage.stretches if one.exit_line == line]
        await stretch_crossings.add(
            session,
            passage,
            crossing,
            stretches=ends,
            settle=rules.settle,
            keep=rules.keep,
            traceparent=current_traceparent(),
        )
        if text is not None:
            await stretch_crossings.judge_again(
                session, crossing, settle=rules.settle, final=Verdict.FOUND
            )


def stored_crossings(
    passage: PassageObserved, read: PlateRead, minimum_confidence: float
) -> list[StoredCrossing]:
    """Each crossing of a passage with what its plate was read as; a read surer than
    `minimum_confidence` would carry a citation."""
    is_sure = (
        read.outcome == ReadOutcome.READ
        and read.plate is not None
        and read.confidence >= minimum_confidence
    )
    return [
        StoredCrossing(
            passage_id=passage.passage_id,
            camera_id=passage.camera_id,
            crossing=each,
            clock_u95_ms=passage.clock_u95_ms,
            clock_verified=passage.clock_source is not ClockSource.UNVERIFIED,
            vehicle_class=passage.vehicle.vehicle_class,
            text=stored_text(read),
            is_sure=is_sure,
        )
        for each in passage.crossings
    ]


async def judge_due(database: Database, software: Provenance) -> None:
    """Judge every end of a stretch that is due, each in a transaction with what comes of it."""
    for _ in range(_AT_ONCE):
        due: DueCrossing | None = None
        try:
            async with database.transaction() as session:
                due = await stretch_crossings.take_due(session)
                if due is None:
                    return
                with (
                    use_traceparent(due.traceparent),
                    tracer.start_as_current_span("plates.stretch"),
                ):
                    verdict = await _judge(session, due, software)
                await stretch_crossings.conclude(session, due, verdict)
        except DependencyFault:
            raise
        except Exception:  # a defect of one must not keep the others from being judged
            if due is None:
                raise
            log.exception("stretch not judged", passage=str(due.crossing.passage_id))
            verdict = None
            async with database.transaction() as session:
                await stretch_crossings.conclude(session, due, None, again=_FAILED_AGAIN)
        metrics.stretches.labels(verdict or _FAILED).inc()


async def _judge(session: AsyncSession, due: DueCrossing, software: Provenance) -> Verdict:
    stated = next(each for each in due.passage.stretches if each.name == due.stretch)
    stretch = stretch_of(stated, due.passage.camera_id)
    at, watched = due.crossing.crossing.crossed_at, stretch.watched
    since, until = at - watched, at + watched
    entries = await stretch_crossings.at_line(
        session, stated.entry_camera_id, stated.entry_line.name, since, until
    )
    exits = await stretch_crossings.at_line(
        session, due.passage.camera_id, stated.exit_line, since, until
    )
    plate = due.crossing.text
    seen = (
        await stretch_crossings.sightings_of(session, plate, since, until)
        if plate is not None
        else []
    )
    judgement = judge(
        stretch,
        crossed_of(due.crossing),
        Surroundings(
            entries=[crossed_of(each, stated) for each in entries],
            exits=[crossed_of(each) for each in exits],
            sightings=[SeenAt(*each) for each in seen],
        ),
    )
    if judgement.verdict is Verdict.FOUND:
        by_id = {each.passage_id: each for each in entries}
        await _publish(session, due, stated, judgement, by_id, software)
    return judgement.verdict


async def _publish(
    session: AsyncSession,
    due: DueCrossing,
    stated: Stretch,
    judgement: Judgement,
    entries: dict[UUID, StoredCrossing],
    software: Provenance,
) -> None:
    entry, speed = judgement.entry, judgement.speed
    assert entry is not None and speed is not None  # noqa: S101 - of one that was found
    stored = entries[entry.passage_id]
    passage = await stretch_crossings.passage_of(session, stored)
    await outbox.add(
        session,
        average_speed_violation(
            stated,
            (passage, stored.crossing),
            (due.passage, due.crossing.crossing),
            speed,
            software,
        ),
    )


def stretch_of(stated: Stretch, exit_camera_id: str) -> stretch_verdict.Stretch:
    """A stretch of a camera's revision as it is judged."""
    return stretch_verdict.Stretch(
        way=Way(stated.shortest_way_m, stated.way_u95_m, stated.speed_limit_kmh),
        entry_camera_id=stated.entry_camera_id,
        exit_camera_id=exit_camera_id,
        valid_from=stated.valid_from,
        valid_to=stated.valid_to,
        via_cameras=frozenset(stated.via_cameras),
    )


def crossed_of(stored: StoredCrossing, begins: Stretch | None = None) -> Crossed:
    """A crossing as it is judged; one that `begins` a stretch, with whether its line is the one
    that the stretch was measured from."""
    crossing = stored.crossing
    return Crossed(
        passage_id=stored.passage_id,
        passing=Passing(
            crossing.crossed_at,
            crossing.u95_ms / 1000.0,
            stored.clock_u95_ms / 1000.0,
            crossing.approaching,
        ),
        text=stored.text,
        is_sure=stored.is_sure,
        clock_verified=stored.clock_verified,
        vehicle_class=stored.vehicle_class,
        is_surveyed=begins is None or crossing.line == begins.entry_line,
    )
