"""Average speed between two cameras, on a real database and bus: in any order, once, or not at
all."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from payesh.contracts import Event, PassageObserved, PlateRead, ViolationDetected
from payesh.contracts.values import ClockSource, MeasuredQuantity
from payesh.kit import outbox as kit_outbox
from payesh.kit.database import Database
from payesh.kit.tables import outbox
from payesh.kit.telemetry import use_traceparent
from payesh.plates.adapters import reads, stretch_crossings
from payesh.plates.adapters.tables import stretch_crossings as table
from payesh.plates.domain import stretch_verdict
from payesh.plates.domain.stretch_verdict import Verdict
from payesh.plates.handlers import stretches
from payesh.plates.handlers.stretches import StretchRules, judge_due, keep_crossings
from tests.integration.plates.conftest import RunningService
from tests.integration.plates.vehicle_picture import VEHICLE, car, jpeg
from tests.support.passage_builder import PROVENANCE
from tests.support.stretch_builder import (
    ENTRY_CAMERA,
    ENTRY_LINE,
    EXIT_CAMERA,
    EXIT_LINE,
    crossing_passage,
    stretch,
)
from tests.support.violation_builder import plate_read, violation
from tests.support.waiting import eventually

RULES = StretchRules(settle=timedelta(0), keep=timedelta(minutes=30), minimum_confidence=0.8)
_number = iter(range(10_000, 99_999, 37))


def new_plate() -> str:
    """A plate of no other test; two differ in more than one character."""
    number = f"{next(_number):05d}"
    return f"{number[:2]}ب{number[2:]}{number[3:]}"


def read_of(seen: PassageObserved, plate: str | None, confidence: float = 0.95) -> PlateRead:
    base = plate_read(violation(), plate, confidence=confidence)
    return base.model_copy(
        update={
            name: getattr(seen, name)
            for name in ("passage_id", "camera_id", "captured_at", "stream_id", "county")
        }
    )


def pair(seconds: float, **changes: Any) -> tuple[PassageObserved, PassageObserved]:
    """Both passages of a vehicle that took so long for the kilometre."""
    left_at = datetime.now(UTC) - timedelta(seconds=5)
    entered_at = left_at - timedelta(seconds=seconds)
    return (
        crossing_passage(ENTRY_LINE, entered_at, camera_id=ENTRY_CAMERA),
        crossing_passage(EXIT_LINE, left_at, camera_id=EXIT_CAMERA, stretches=[stretch(**changes)]),
    )


async def keep(database: Database, seen: PassageObserved, read: PlateRead) -> None:
    async with database.transaction() as session:
        await keep_crossings(session, RULES, seen, read)


async def verdict_of(database: Database, seen: PassageObserved) -> str | None:
    async with database.transaction() as session:
        verdict: str | None = await session.scalar(
            select(table.c.verdict).where(
                table.c.passage_id == seen.passage_id, table.c.stretch != ""
            )
        )
    return verdict


async def judged(service: RunningService, seen: PassageObserved) -> str:
    """Its verdict, once there is one; the running service judges what is due."""

    async def is_judged() -> bool:
        return await verdict_of(service.database, seen) is not None

    await eventually(is_judged)
    return str(await verdict_of(service.database, seen))


def violations_of(service: RunningService, seen: PassageObserved) -> list[ViolationDetected]:
    return [
        each for each in service.tap.events(ViolationDetected) if each.passage_id == seen.passage_id
    ]


async def published(service: RunningService, seen: PassageObserved) -> None:
    await eventually(lambda: bool(violations_of(service, seen)))


async def test_two_passages_on_the_bus_become_one_violation_with_both_cameras_evidence(
    service: RunningService,
) -> None:
    plate = "68ب24135"
    now = datetime.now(UTC)
    crops = [await service.crop(jpeg(car(plate))) for _ in range(4)]
    entry = crossing_passage(
        ENTRY_LINE, now - timedelta(seconds=50), camera_id=ENTRY_CAMERA, crops=crops[:2],
        vehicle_in_crop=VEHICLE,
    )  # fmt: skip
    left = crossing_passage(
        EXIT_LINE, now - timedelta(seconds=5), camera_id=EXIT_CAMERA, crops=crops[2:],
        vehicle_in_crop=VEHICLE, stretches=[stretch()],
    )  # fmt: skip
    duplicates = service.tap.duplicates
    await service.publish(left, entry, left, entry)  # the later one first, and both twice
    await published(service, left)
    [found] = violations_of(service, left)
    assert found.rule == "average_speed"
    measured = found.measurement
    assert isinstance(measured, MeasuredQuantity)
    assert measured.quantity == "average_speed_kmh"
    assert measured.value == pytest.approx(80.0, abs=0.01)
    assert measured.limit == 60.0
    assert measured.value - measured.u95 == pytest.approx(measured.lower_bound)
    # 994 m over 45 s, twice 12 ms of clocks and twice 40 ms of crossings.
    assert measured.lower_bound == pytest.approx(3.6 * 994 / 45.104, abs=0.002)
    assert (found.camera_id, found.captured_at) == (EXIT_CAMERA, left.crossings[0].crossed_at)
    assert found.segments == left.segments
    assert found.shots == left.shots
    assert found.certificate == left.certificate
    assert found.entry_passage is not None
    assert found.entry_passage.passage_id == entry.passage_id
    assert found.entry_passage.captured_at == entry.crossings[0].crossed_at
    assert found.entry_passage.segments == entry.segments
    assert found.entry_passage.shots == entry.shots
    assert found.driven is not None
    assert found.driven.stretch == left.stretches[0]
    assert (found.driven.entered, found.driven.left) == (*entry.crossings, *left.crossings)
    assert plate not in found.to_json().decode()
    await service.publish(entry, left)
    await service.after(left)
    assert len(violations_of(service, left)) == 1
    assert service.tap.duplicates == duplicates


async def test_the_later_camera_s_read_may_come_first_and_the_entry_much_later(
    service: RunningService,
) -> None:
    plate, (entry, left) = new_plate(), pair(45.0)
    await keep(service.database, left, read_of(left, plate))
    assert await judged(service, left) == Verdict.NO_ENTRY
    await keep(service.database, entry, read_of(entry, plate))
    await published(service, left)
    assert await judged(service, left) == Verdict.FOUND
    await keep(service.database, entry, read_of(entry, plate))
    await judge_due(service.database, PROVENANCE)
    assert len(violations_of(service, left)) == 1


async def test_the_trace_of_where_the_stretch_ends_goes_on(service: RunningService) -> None:
    plate, (entry, left) = new_plate(), pair(45.0)
    for seen, trace in ((entry, "a" * 32), (left, "b" * 32)):
        with use_traceparent(f"00-{trace}-{'c' * 16}-01"):
            await keep(service.database, seen, read_of(seen, plate))
    await published(service, left)
    [trace_id] = [
        each.trace_id
        for each in service.tap.received[ViolationDetected.topic].values()
        if each.event == violations_of(service, left)[0]
    ]
    assert trace_id == "b" * 32


async def test_a_process_that_dies_in_mid_stretch_or_while_it_judges_loses_and_repeats_nothing(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    plate, (entry, left) = new_plate(), pair(45.0)
    url = service.settings.database_url
    first = Database(url)
    await keep(first, entry, read_of(entry, plate))
    await first.close()  # in mid-stretch
    second = Database(url)
    later = StretchRules(timedelta(hours=1), RULES.keep, RULES.minimum_confidence)
    async with second.transaction() as session:
        await keep_crossings(session, later, left, read_of(left, plate))
    made: list[ViolationDetected] = []

    class Died(BaseException):
        pass

    publish = kit_outbox.add

    async def dies(session: Any, event: Event) -> None:
        await publish(session, event)
        # Services of other tests run in this process too.
        if isinstance(event, ViolationDetected) and event.passage_id == left.passage_id:
            made.append(event)
            raise Died

    monkeypatch.setattr(kit_outbox, "add", dies)
    async with second.transaction() as session:
        await session.execute(
            update(table)
            .where(table.c.passage_id == left.passage_id, table.c.stretch != "")
            .values(due_at=datetime.now(UTC) - timedelta(seconds=1))
        )
        with pytest.raises(Died):
            due = await stretch_crossings.take_due(session)
            assert due is not None and due.passage == left
            await stretches._judge(session, due, PROVENANCE)
        await session.rollback()
    monkeypatch.undo()
    await second.close()
    third = Database(url)
    async with third.transaction() as session:
        await session.execute(
            update(table)
            .where(table.c.passage_id == left.passage_id, table.c.stretch != "")
            .values(due_at=datetime.now(UTC))
        )
    await judge_due(third, PROVENANCE)
    await published(service, left)
    await third.close()
    assert [each.violation_id for each in violations_of(service, left)] == [made[0].violation_id]


async def test_two_replicas_that_judge_at_once_publish_once(service: RunningService) -> None:
    plates = [(new_plate(), pair(45.0)) for _ in range(6)]
    for plate, (entry, left) in plates:
        await asyncio.gather(
            keep(service.database, entry, read_of(entry, plate)),
            keep(service.database, left, read_of(left, plate)),
        )
    await asyncio.gather(*(judge_due(service.database, PROVENANCE) for _ in range(4)))
    for _, (_, left) in plates:
        await published(service, left)
        assert len(violations_of(service, left)) == 1
    async with service.database.transaction() as session:
        left_over = await session.scalars(
            select(outbox.c.id).where(outbox.c.topic == ViolationDetected.topic)
        )
    assert len(left_over.all()) <= len(plates)


@pytest.mark.parametrize(
    ("seconds", "changes", "expected"),
    [
        (61.0, {}, Verdict.WITHIN_LIMIT),
        (10.0, {}, Verdict.TOO_FAST),
        (45.0, {"valid_to": datetime.now(UTC) - timedelta(minutes=1)}, Verdict.NOT_VALID),
        (45.0, {"entry_line": ENTRY_LINE.model_copy(update={"to_px": (500.0, 301.0)})},
         Verdict.LINE_MOVED),
    ],
)  # fmt: skip
async def test_what_is_not_surely_too_fast_is_recorded_and_accuses_nobody(
    service: RunningService, seconds: float, changes: dict[str, Any], expected: Verdict
) -> None:
    plate, (entry, left) = new_plate(), pair(seconds, **changes)
    await keep(service.database, entry, read_of(entry, plate))
    await keep(service.database, left, read_of(left, plate))
    assert await judged(service, left) == expected
    assert violations_of(service, left) == []


async def test_reads_that_are_not_sure_and_clocks_that_are_not_verified_accuse_nobody(
    service: RunningService,
) -> None:
    for expected, confidences, unverified in (
        (Verdict.READ_UNSURE, (0.95, 0.79), ()),
        (Verdict.READ_UNSURE, (0.79, 0.95), ()),
        (Verdict.CLOCK_UNVERIFIED, (0.95, 0.95), (0,)),
        (Verdict.CLOCK_UNVERIFIED, (0.95, 0.95), (1,)),
    ):
        plate, both = new_plate(), list(pair(45.0))
        for number in unverified:
            both[number] = both[number].model_copy(update={"clock_source": ClockSource.UNVERIFIED})
        for seen, confidence in zip(both, confidences, strict=True):
            await keep(service.database, seen, read_of(seen, plate, confidence))
        assert await judged(service, both[1]) == expected
        assert violations_of(service, both[1]) == []


async def test_a_plate_that_was_elsewhere_meanwhile_is_a_cloned_one(
    service: RunningService,
) -> None:
    plate, (entry, left) = new_plate(), pair(45.0)
    elsewhere = read_of(left, plate).model_copy(
        update={
            "passage_id": violation().passage_id,
            "camera_id": "another-town",
            "captured_at": left.captured_at - timedelta(seconds=20),
        }
    )
    async with service.database.transaction() as session:
        await reads.add(session, elsewhere, datetime.now(UTC) + timedelta(hours=1))
    await keep(service.database, entry, read_of(entry, plate))
    await keep(service.database, left, read_of(left, plate))
    assert await judged(service, left) == Verdict.SEEN_ELSEWHERE
    assert violations_of(service, left) == []


async def test_a_plate_of_one_other_character_at_the_line_is_a_doubt(
    service: RunningService,
) -> None:
    plate, (entry, left) = new_plate(), pair(45.0)
    other = "9" if plate[0] != "9" else "8"
    rival = crossing_passage(
        ENTRY_LINE, entry.captured_at - timedelta(seconds=30), camera_id=ENTRY_CAMERA
    )
    await keep(service.database, rival, read_of(rival, other + plate[1:], 0.4))
    await keep(service.database, entry, read_of(entry, plate))
    await keep(service.database, left, read_of(left, plate))
    assert await judged(service, left) == Verdict.SIMILAR_PLATE


async def test_crossings_are_kept_for_a_while_only(service: RunningService) -> None:
    entry, _ = pair(45.0)
    await keep(service.database, entry, read_of(entry, new_plate()))
    async with service.database.transaction() as session:
        await stretch_crossings.expire(session, datetime.now(UTC) + timedelta(minutes=29))
        kept = await session.scalar(
            select(table.c.passage_id).where(table.c.passage_id == entry.passage_id)
        )
        await stretch_crossings.expire(session, datetime.now(UTC) + timedelta(minutes=31))
        left = await session.scalar(
            select(table.c.passage_id).where(table.c.passage_id == entry.passage_id)
        )
    assert (kept, left) == (entry.passage_id, None)


async def test_a_defect_of_one_judgement_keeps_no_other_from_being_judged(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = stretch_verdict.judge
    bad_plate, (bad_entry, bad_left) = new_plate(), pair(45.0)
    good_plate, (good_entry, good_left) = new_plate(), pair(45.0)

    def breaks(rule: Any, left: Any, around: Any) -> Any:
        if left.passage_id == bad_left.passage_id:
            raise RuntimeError("a defect")
        return judge(rule, left, around)

    monkeypatch.setattr(stretches, "judge", breaks)
    for plate, entry, left in (
        (bad_plate, bad_entry, bad_left),
        (good_plate, good_entry, good_left),
    ):
        await keep(service.database, entry, read_of(entry, plate))
        await keep(service.database, left, read_of(left, plate))
    assert await judged(service, good_left) == Verdict.FOUND
    async with service.database.transaction() as session:
        due_at = await session.scalar(
            select(table.c.due_at).where(
                table.c.passage_id == bad_left.passage_id, table.c.stretch != ""
            )
        )
    assert due_at is not None and due_at > datetime.now(UTC), "it is tried again"
