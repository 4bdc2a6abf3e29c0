"""A live camera, and the drafts that an officer gets of it.

In a run of the whole suite, bad input arrives at every interface meanwhile; it must not show here.
"""

import asyncio
import json
from collections.abc import Sequence

from payesh.contracts import CitationDrafted, GapRecorded, SegmentStored
from payesh.local.verdict import Outcome, TrueVehicle, figures, match
from tests.support.evidence_checks import check_chains, check_objects, streams
from tests.support.running_stack import RunningStack, ShownCamera


async def test_each_speeding_vehicle_is_offered_to_an_officer(
    running: RunningStack, live: ShownCamera
) -> None:
    await live.until(live.truth.duration_s)
    await running.end(live)
    vehicles = live.vehicles(live.truth.duration_s)
    outcome = running.outcome(live.camera_id)
    found = figures(vehicles, live.truth.speed_limit_kmh, outcome)
    print(json.dumps(found.as_line(), ensure_ascii=False))
    print(*misread(vehicles, outcome), sep="\n")
    # Latency depends on the load of this machine: it is printed and not checked.
    kept = [shortfall for shortfall in found.shortfalls() if "latency" not in shortfall]
    assert kept == [], found
    assert found.drafts_of_violations == found.violations_by_lower_bound > 5
    drafted = {str(each.citation_id) for each in running.of(CitationDrafted, live.camera_id)}
    assert drafted <= await running.queue()


def misread(vehicles: Sequence[TrueVehicle], outcome: Outcome) -> list[str]:
    """True plate, read plate and confidence of every vehicle whose read is wrong."""
    passages = match(vehicles, outcome.passages)
    reads = [
        (vehicle.plate, outcome.reads[passages[vehicle.vehicle_id].passage_id])
        for vehicle in vehicles
        if vehicle.vehicle_id in passages
    ]
    return [
        f"{plate} read as {read.plate and read.plate.text}, {read.confidence:.3f}"
        for plate, read in reads
        if read.plate is None or read.plate.text != plate
    ]


async def test_every_frame_of_it_is_stored(running: RunningStack, live: ShownCamera) -> None:
    segments = running.of(SegmentStored, live.camera_id)
    assert len(streams(segments)) == 1
    assert sum(segment.frame_count for segment in segments) == live.truth.frames
    # There may be one before the first frame, from the camera's registration to its connection, and
    # one after the last, when the camera that showed its film once is missed for a minute.
    last = max(segment.sequence for segment in segments)
    gaps = [gap for gap in running.of(GapRecorded, live.camera_id) if gap.last_stream_id]
    assert [gap for gap in gaps if gap.last_sequence is None or gap.last_sequence < last] == []
    check_chains(segments)
    await asyncio.to_thread(check_objects, segments, running.store)
