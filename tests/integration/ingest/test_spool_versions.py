"""A spool outlives the version that wrote it: what is known drains, the rest is kept aside."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from payesh.contracts import CameraHealthChanged, GapRecorded, SegmentStored
from tests.support.unversioned_spool import INIT, UnversionedSpool

Eventually = Callable[..., Awaitable[None]]
SEGMENTS = 3


async def test_a_spool_written_before_versions_drains(
    stack: Any, replica: Any, eventually: Eventually
) -> None:
    camera_id = await replica.create_camera(None)
    spool = stack.folder / "spool-unversioned"
    laid = UnversionedSpool(spool, camera_id, datetime.now(UTC) - timedelta(minutes=1), SEGMENTS)
    async with stack.replica(spool):
        await eventually(lambda: len(stack.events(CameraHealthChanged, camera_id)) == 1)
    segments = stack.events(SegmentStored, camera_id)
    assert [event.sequence for event in segments] == list(range(SEGMENTS))
    assert [event.link_sha256 for event in segments] == laid.links
    assert await stack.objects.get(segments[0].init) == INIT
    for event in segments:
        assert await stack.objects.get(event.media) == laid.media(event.sequence)
    (gap,) = stack.events(GapRecorded, camera_id)
    assert (gap.gap_id, gap.reason) == (laid.gap_id, "worker_stopped")
    (health,) = stack.events(CameraHealthChanged, camera_id)
    assert (health.condition, health.raised, health.value) == ("black", True, 3.5)
    left = {path.suffix for path in (spool / camera_id).iterdir()}
    assert left == {".note"}, "everything was stored and removed"


async def test_a_segment_of_an_unknown_version_is_kept_aside_with_a_reason_and_a_gap(
    stack: Any, replica: Any, eventually: Eventually
) -> None:
    camera_id = await replica.create_camera(None)
    spool = stack.folder / "spool-of-a-later-version"
    laid = UnversionedSpool(spool, camera_id, datetime.now(UTC) - timedelta(minutes=1), SEGMENTS)
    folder = spool / camera_id
    sidecar = folder / "000000000002.json"
    document = {**json.loads(sidecar.read_bytes()), "version": 99}
    sidecar.write_text(json.dumps(document))

    def corrupt() -> list[GapRecorded]:
        found: list[GapRecorded] = stack.events(GapRecorded, camera_id)
        return [gap for gap in found if gap.reason == "corrupt"]

    async with stack.replica(spool):
        await eventually(lambda: len(corrupt()) == 1)
    assert [event.sequence for event in stack.events(SegmentStored, camera_id)] == [0, 2]
    (gap,) = corrupt()
    lost_at = laid.started_at + timedelta(seconds=2)
    assert (gap.started_at, gap.ended_at) == (lost_at, lost_at + timedelta(seconds=2))
    assert json.loads((folder / "000000000002.json.bad").read_bytes()) == document
    assert (folder / "000000000002.m4s.bad").read_bytes() == laid.media(1)
    assert (folder / f"{laid.stream_id}.init").read_bytes() == INIT
    assert "version 99" in (folder / "000000000002.reason").read_text()
