"""A recorder accounts for all time: at a long stream's end, and on a full disk."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import av
import numpy as np
import pytest

from payesh.ingest.adapters.rtsp import AccessDenied, LiveSource, SourceUnreachable
from payesh.ingest.adapters.source_secrets import StoredSource
from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import (
    Assignment,
    GapRecord,
    HealthRecord,
    Record,
    SegmentRecord,
)
from payesh.ingest.workers.recorder import Recorder, RecorderCallbacks, RecorderLimits
from tests.unit.ingest.builders import CAMERA, assignment
from tests.unit.ingest.disk import Disk

FRAMES = 100
R = TypeVar("R", bound=Record)


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


class FileSource(LiveSource):
    """A camera that is a file and whose clock is ours."""

    def __init__(self, container: Any, began_s: float) -> None:
        super().__init__(container)
        self.began_s = began_s

    def zero_s(self, packet: Any, pts_s: float, shift_s: float) -> float | None:
        return self.began_s


OpenSource = Callable[[StoredSource], AbstractContextManager[LiveSource]]


@pytest.fixture
def playing(clip: Path) -> OpenSource:
    """Opens the clip, as often as it is asked to."""
    began_s = time.time()

    @contextmanager
    def open_source(source: StoredSource) -> Iterator[LiveSource]:
        with av.open(str(clip)) as container:
            yield FileSource(container, began_s)

    return open_source


def recorder_of(
    spool: Spool, open_source: OpenSource, known: Assignment | None = None, **limits: float
) -> Recorder:
    callbacks = RecorderCallbacks(
        open_source=open_source,
        on_spooled=lambda camera_id: None,
        inspect_fragment=lambda *_: None,
    )
    limited = RecorderLimits(clock_limit_s=60.0, **limits)
    return Recorder(known or assignment(), spool, limited, callbacks)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def of_type(spool: Spool, wanted: type[R]) -> list[R]:
    records = [item.record for item in spool.items(CAMERA)]
    return [record for record in records if isinstance(record, wanted)]


def test_a_long_stream_is_followed_by_another_and_no_frame_lies_between(
    tmp_path: Path, playing: OpenSource
) -> None:
    spool = Spool(tmp_path, 10_000_000)
    recorder = recorder_of(spool, playing, longest_stream_s=0.0)
    recorder.start()
    until(lambda: sum(each.frame_count for each in of_type(spool, SegmentRecord)) >= FRAMES)
    recorder.stop()
    recorder.join()
    segments = of_type(spool, SegmentRecord)[:4]
    assert [each.frame_count for each in segments] == [25] * 4
    assert len({each.stream_id for each in segments}) == 4
    assert all(each.sequence == 0 and each.last_in_stream for each in segments)
    for former, later in pairwise(segments):
        assert later.previous_link_sha256 == former.link_sha256
        assert later.captured_at == former.ended_at


def test_what_a_full_disk_cost_is_one_gap_from_its_beginning(
    tmp_path: Path, disk: Disk, playing: OpenSource
) -> None:
    began_at = datetime.now(UTC) - timedelta(hours=2)
    spool = Spool(tmp_path, 10_000_000)
    recorder = recorder_of(spool, playing, assignment(known_until=began_at))
    disk.full = True
    recorder.start()
    until(lambda: disk.refusals >= 2)  # the segment's gap, and one on its own
    assert not spool.has_room
    disk.full = False
    until(lambda: bool(of_type(spool, SegmentRecord)))
    assert spool.has_room
    recorder.stop()
    recorder.join()
    first, *_ = of_type(spool, GapRecord)
    assert (first.started_at, first.reason) == (began_at, "spool_full")


def test_a_camera_lost_on_a_full_disk_keeps_its_recorder_and_is_recorded_once_there_is_room(
    tmp_path: Path, disk: Disk
) -> None:
    @contextmanager
    def away(source: StoredSource) -> Iterator[LiveSource]:
        raise SourceUnreachable("refused")
        yield

    began_at = datetime.now(UTC) - timedelta(hours=2)
    spool = Spool(tmp_path, 10_000_000)
    recorder = recorder_of(spool, away, assignment(known_until=began_at), offline_after_s=0.0)
    disk.full = True
    recorder.start()
    until(lambda: disk.refusals >= 3)  # health and gap, and health once more
    disk.full = False
    until(lambda: bool(of_type(spool, GapRecord)))
    recorder.stop()
    recorder.join()
    (gap,), (health,) = of_type(spool, GapRecord), of_type(spool, HealthRecord)
    assert (gap.started_at, gap.reason) == (began_at, "source_lost")
    assert (health.condition, health.raised) == ("offline", True)


def test_a_refused_password_is_not_sent_again_soon_but_another_one_at_once(tmp_path: Path) -> None:
    sent: list[str] = []

    @contextmanager
    def refusing(source: StoredSource) -> Iterator[LiveSource]:
        sent.append(source.sealed_password or "")
        raise AccessDenied("401")
        yield  # never

    spool = Spool(tmp_path, 10_000_000)
    given = StoredSource("rtsp://camera.test/", "viewer", "sealed-1")
    recorder = recorder_of(spool, refusing, assignment(source=given), offline_after_s=1.5)
    recorder.start()
    # Known to be silent for a while: an outage of the network would have been tried again by now.
    until(lambda: [each.condition for each in of_type(spool, HealthRecord)][1:] == ["offline"])
    assert sent == ["sealed-1"]
    changed = assignment(source=given._replace(sealed_password="sealed-2"))
    assert recorder.reassign(changed)
    until(lambda: len(sent) > 1)
    recorder.stop()
    recorder.join(5)
    assert sent == ["sealed-1", "sealed-2"] and not recorder.is_alive()
