"""Each service is killed with SIGKILL while vehicles pass, and nothing about them changes.

One film, two observers: first plates, tickets, access and the projection are killed and started
again, then the observer that holds the camera, for good and with a vehicle half measured, and
last ingest. The tests compare the events with an undisturbed run.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from payesh.contracts import (
    CitationDrafted,
    CitationRejected,
    GapRecorded,
    PassageObserved,
    PlateRead,
    SegmentStored,
    ViolationDetected,
)
from payesh.local.verdict import match
from tests.e2e.undisturbed import Undisturbed, published
from tests.support.evidence_checks import (
    check_bundle,
    check_chains,
    check_objects,
    check_one_of_each,
    lost,
    streams,
    unexplained,
)
from tests.support.running_stack import OBSERVERS, RunningStack, ShownCamera, eventually

CAMERA = "e2e-kills"
_LEARNING = timedelta(seconds=4)
"""In a stream's first seconds the motion detector learns its background."""


@dataclass
class Run:
    shown: ShownCamera
    ended_s: float
    undisturbed: Undisturbed
    observer: str
    """The observer that was killed."""
    seen_until: datetime
    """The end of the last segment that it had observed."""


@pytest.fixture(scope="module")
async def run(running: RunningStack) -> AsyncIterator[Run]:
    await running.end_all()
    shown_before = {name: await running.handled(name, SegmentStored) for name in OBSERVERS}
    shown = await running.show(CAMERA, loop=True)
    undisturbed, over = Undisturbed(running.store), asyncio.Event()

    async def follow() -> None:
        while not over.is_set():
            await asyncio.to_thread(undisturbed.observe, running.of(SegmentStored, CAMERA))
            await asyncio.sleep(0.5)

    async with asyncio.TaskGroup() as beside:
        beside.create_task(follow())
        await eventually(lambda: unread(running), "a passage without a read")
        await kill_and_start(running, "plates")
        await eventually(lambda: undecided(running), "a violation without a citation")
        await kill_and_start(running, "tickets")
        await asyncio.gather(kill_and_start(running, "access"), kill_and_start(running, "detect"))
        observer, seen_until = await kill_observer_mid_track(running, shown, shown_before)
        await eventually(lambda: bool(passages_since(running, seen_until)), "a takeover")
        # Cars are on the road again in the film's second lap.
        await shown.until(max(shown.film_s, shown.truth.duration_s + 8))
        await kill_and_start(running, "ingest", away_s=2)
        # Tracks of the dead ingest's last stream are closed after 20 s.
        await asyncio.sleep(26)
        ended_s = shown.film_s
        await running.end(shown)
        over.set()
    await asyncio.to_thread(undisturbed.observe, running.of(SegmentStored, CAMERA))
    yield Run(shown, ended_s, undisturbed, observer, seen_until)


def unread(running: RunningStack) -> bool:
    read = {each.passage_id for each in running.of(PlateRead, CAMERA)}
    return any(each.passage_id not in read for each in running.of(PassageObserved, CAMERA))


def undecided(running: RunningStack) -> bool:
    decided = {each.violation_id for each in running.of(CitationDrafted, CAMERA)}
    decided |= {each.violation_id for each in running.of(CitationRejected, CAMERA)}
    return any(each.violation_id not in decided for each in running.of(ViolationDetected, CAMERA))


def passages_since(running: RunningStack, moment: datetime) -> list[PassageObserved]:
    return [each for each in running.of(PassageObserved, CAMERA) if each.captured_at > moment]


async def kill_and_start(running: RunningStack, name: str, away_s: float = 0.5) -> None:
    process = running.stack.processes[name]
    process.kill()
    await asyncio.sleep(away_s)
    await process.start()


async def kill_observer_mid_track(
    running: RunningStack, shown: ShownCamera, before: dict[str, float]
) -> tuple[str, datetime]:
    """Kill the observer of the camera after a segment in which a speeding vehicle came into view
    and did not reach the exit line. Returns its name, and that segment's end."""

    async def observed(name: str) -> float:
        return await running.handled(name, SegmentStored) - before[name]

    counts = {name: await observed(name) for name in OBSERVERS}
    observer = max(counts, key=lambda name: counts[name])
    known = len(running.of(SegmentStored, CAMERA))
    while True:
        await eventually(lambda: len(running.of(SegmentStored, CAMERA)) > known, "a segment")  # noqa: B023
        segments = running.of(SegmentStored, CAMERA)
        known = len(segments)
        last = segments[-1]
        seen_until = last.captured_at + timedelta(milliseconds=last.duration_ms)
        film_s = (seen_until - shown.started_at).total_seconds() % shown.truth.duration_s
        if any(
            vehicle.first_frame / shown.truth.fps + 0.5 < film_s < vehicle.exit_s - 0.1
            for vehicle in shown.truth.vehicles
            if vehicle.offence
        ):
            break

    async def has_observed_it() -> bool:
        return await observed(observer) >= known

    await eventually(has_observed_it, "the observer has the segment")
    running.stack.processes[observer].kill()
    return observer, seen_until


async def test_every_violation_whose_frames_were_stored_ends_as_one_citation(
    running: RunningStack, run: Run
) -> None:
    check_one_of_each(running.tap)
    spans = [
        (own[0].captured_at, own[-1].captured_at + timedelta(milliseconds=own[-1].duration_ms))
        for own in streams(running.of(SegmentStored, CAMERA)).values()
    ]
    truth = {each.vehicle_id: each for each in run.shown.truth.vehicles}
    recorded = []
    for vehicle in run.shown.vehicles(run.ended_s):
        true = truth[vehicle.vehicle_id.split("/")[0]]
        seen_at = vehicle.exits_at - timedelta(seconds=true.exit_s - true.entry_s + 1)
        within = any(
            start + _LEARNING < seen_at and vehicle.exits_at < end - timedelta(seconds=0.5)
            for start, end in spans
        )
        if true.band == "clear" and within:
            recorded.append(vehicle)
    passages = match(recorded, running.of(PassageObserved, CAMERA))
    violations = {each.passage_id for each in running.of(ViolationDetected, CAMERA)}
    unnoticed = [
        (vehicle, passages.get(vehicle.vehicle_id))
        for vehicle in recorded
        if vehicle.vehicle_id not in passages
        or passages[vehicle.vehicle_id].passage_id not in violations
    ]
    print(f"{len(recorded)} clearly speeding vehicles recorded, {len(violations)} violations")
    print(*unnoticed, sep="\n")
    assert len(recorded) > 10
    # The detector may miss one in ten without a kill too; the next test separates the two.
    assert len(unnoticed) <= 0.1 * len(recorded)


async def test_passages_and_violations_are_those_of_an_undisturbed_run(
    running: RunningStack, run: Run
) -> None:
    passages = published(running.of(PassageObserved, CAMERA), running.of(ViolationDetected, CAMERA))
    assert passages == run.undisturbed.passages
    assert len(passages) > 20


async def test_a_second_observer_finishes_the_tracks_of_the_killed_one(
    running: RunningStack, run: Run
) -> None:
    assert not running.stack.processes[run.observer].is_running
    under_way = [
        passage
        for passage in running.of(PassageObserved, CAMERA)
        if passage.first_seen_at < run.seen_until < passage.captured_at
    ]
    assert any(passage.ended_by == "exit_line" and passage.speed for passage in under_way)
    read = {each.passage_id for each in running.of(PlateRead, CAMERA)}
    assert {passage.passage_id for passage in under_way} <= read


async def test_a_killed_ingest_loses_little_and_records_it_as_a_gap(
    running: RunningStack, run: Run
) -> None:
    segments, gaps = running.of(SegmentStored, CAMERA), running.of(GapRecorded, CAMERA)
    assert unexplained(segments, gaps) == []
    away = lost(segments)
    print(f"ingest killed: {away.total_seconds():.1f} s of video lost")
    assert timedelta(0) < away <= timedelta(seconds=20)
    assert {gap.reason for gap in gaps if gap.last_stream_id} == {"worker_stopped"}
    by_token = sorted(streams(segments).values(), key=lambda own: own[0].fencing_token)
    assert len(by_token) == 2
    assert by_token[1][0].previous_link_sha256 == by_token[0][-1].link_sha256


async def test_everything_stored_verifies_as_evidence(running: RunningStack, run: Run) -> None:
    segments, drafts = running.of(SegmentStored, CAMERA), running.of(CitationDrafted, CAMERA)
    check_chains(segments)

    def in_the_store() -> None:
        check_objects(segments, running.store)
        for draft in drafts:
            check_bundle(draft, running.store)

    await asyncio.to_thread(in_the_store)
    assert {str(draft.citation_id) for draft in drafts} <= await running.queue()
    print(f"{len(drafts)} drafts, {len(segments)} segments verified")
    assert len(drafts) > 10
