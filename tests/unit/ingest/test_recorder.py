"""A recorder loses no time without a word: not at a long stream's end, not on a full disk."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from payesh.ingest.adapters.rtsp import RtspAddress, SourceUnreachable
from payesh.ingest.adapters.spool import Spool, SpoolItem
from payesh.ingest.workers import recorder as recorder_module
from payesh.ingest.workers.assignment import Assignment
from payesh.ingest.workers.recorder import Recorder, RecorderLimits, RecorderPorts
from tests.unit.ingest.assignment_builder import CAMERA, assignment
from tests.unit.ingest.disk import Disk

FRAMES = 100


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4 s at 25 frames/s with a keyframe a second."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    picture = np.random.default_rng(5).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        video.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "25"}
        for number in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(np.roll(picture, number, 1), format="rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return path


@pytest.fixture
def source(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The camera is a file whose clock is ours."""
    zero_s = time.time()

    @contextmanager
    def opened(address: RtspAddress, **limits: float) -> Iterator[Any]:
        with av.open(str(clip)) as container:
            yield container

    monkeypatch.setattr(recorder_module, "open_live", opened)
    monkeypatch.setattr(recorder_module, "source_zero_s", lambda *_: zero_s)


def recorder_of(spool: Spool, known: Assignment | None = None, **limits: float) -> Recorder:
    ports = RecorderPorts(
        opened=lambda source: RtspAddress(source.url),
        kept=lambda camera_id: None,
        picture=lambda *_: None,
    )
    return Recorder(
        known or assignment(), spool, RecorderLimits(clock_limit_s=60.0, **limits), ports
    )


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def of_kind(spool: Spool, kind: str) -> list[SpoolItem]:
    return [item for item in spool.items(CAMERA) if item.kind == kind]


@pytest.mark.usefixtures("source")
def test_a_long_stream_is_followed_by_another_and_no_frame_lies_between(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10_000_000)
    recorder = recorder_of(spool, longest_stream_s=0.0)
    recorder.start()
    until(lambda: sum(i.body["frame_count"] for i in of_kind(spool, "segment")) >= FRAMES)
    recorder.stop()
    recorder.join()
    segments = [item.body for item in of_kind(spool, "segment")][:4]
    assert [body["frame_count"] for body in segments] == [25] * 4
    assert len({body["stream_id"] for body in segments}) == 4
    assert all(body["sequence"] == 0 and body["last_in_stream"] for body in segments)
    for former, later in pairwise(segments):
        assert later["previous_link_sha256"] == former["link_sha256"]
        assert later["captured_at"] == former["ended_at"]


@pytest.mark.usefixtures("source")
def test_what_a_full_disk_cost_is_one_gap_from_its_beginning(tmp_path: Path, disk: Disk) -> None:
    began_at = datetime.now(UTC) - timedelta(hours=2)
    spool = Spool(tmp_path, 10_000_000)
    recorder = recorder_of(spool, assignment(known_until=began_at))
    disk.full = True
    recorder.start()
    until(lambda: disk.refusals >= 2)  # the segment's gap, and one on its own
    assert not spool.has_room
    disk.full = False
    until(lambda: bool(of_kind(spool, "segment")))
    assert spool.has_room
    recorder.stop()
    recorder.join()
    first, *_ = of_kind(spool, "gap")
    assert (first.body["started_at"], first.body["reason"]) == (began_at.isoformat(), "spool_full")


def test_a_camera_lost_on_a_full_disk_keeps_its_recorder_and_is_told_when_there_is_room(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def away(address: RtspAddress, **limits: float) -> Iterator[Any]:
        raise SourceUnreachable("refused")
        yield

    monkeypatch.setattr(recorder_module, "open_live", away)
    began_at = datetime.now(UTC) - timedelta(hours=2)
    spool = Spool(tmp_path, 10_000_000)
    recorder = recorder_of(spool, assignment(known_until=began_at), offline_after_s=0.0)
    disk.full = True
    recorder.start()
    until(lambda: disk.refusals >= 3)  # health and gap, and health once more
    disk.full = False
    until(lambda: bool(of_kind(spool, "gap")))
    recorder.stop()
    recorder.join()
    (gap,), (health,) = of_kind(spool, "gap"), of_kind(spool, "health")
    assert (gap.body["started_at"], gap.body["reason"]) == (began_at.isoformat(), "source_lost")
    assert (health.body["condition"], health.body["raised"]) == ("offline", True)
