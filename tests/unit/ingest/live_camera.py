"""A synthetic camera on the loopback, recorded over RTSP by the service's own recorder."""

import asyncio
import dataclasses
import io
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from payesh.ingest.adapters.rtsp import LiveSource, RtspAddress, open_live
from payesh.ingest.adapters.source_networks import SourceNetworks
from payesh.ingest.adapters.source_secrets import StoredSource
from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import GapRecord, HealthRecord, SegmentRecord
from payesh.ingest.workers.recorder import Recorder, RecorderCallbacks, RecorderLimits
from payesh.kit.networks import networks
from payesh.local.camera import connection, rtp
from payesh.local.camera.clip import Clip, load_clip
from payesh.local.camera.rtsp_server import RtspServer
from tests.unit.ingest.builders import CAMERA, assignment

ZERO_LATENCY = {"tune": "zerolatency", "sc_threshold": "0"}


def encoded(
    path: Path,
    *,
    frames: int,
    gop: int = 25,
    codec: str = "libx264",
    width: int = 128,
    height: int = 96,
    options: Mapping[str, str] = ZERO_LATENCY,
) -> Clip:
    """A moving pattern at 25 frames/s."""
    picture = np.random.default_rng(5).integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    picture = np.kron(picture, np.ones((8, 8, 1), np.uint8))
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream(codec, rate=25)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.options = {"preset": "ultrafast", "g": str(gop), **options}
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.roll(picture, 4 * number, 1), format="rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return load_clip(path)


def spaced(clip: Clip, times_s: Sequence[float]) -> Clip:
    """The clip's pictures, one at each time."""
    units = tuple(
        dataclasses.replace(unit, pts_s=time_s, send_s=time_s)
        for unit, time_s in zip(clip.units, times_s, strict=True)
    )
    return dataclasses.replace(clip, units=units, duration_s=times_s[-1] + 0.04)


def joined(first: Clip, then: Clip) -> Clip:
    """Both clips as one camera's video."""
    later = tuple(
        dataclasses.replace(
            unit, pts_s=unit.pts_s + first.duration_s, send_s=unit.send_s + first.duration_s
        )
        for unit in then.units
    )
    return dataclasses.replace(
        first, units=first.units + later, duration_s=first.duration_s + then.duration_s
    )


@dataclass(frozen=True, slots=True)
class Recorded:
    """What lies in the spool after a recording."""

    spool: Spool
    started_s: float

    @property
    def segments(self) -> list[SegmentRecord]:
        return [each for each in self.records if isinstance(each, SegmentRecord)]

    @property
    def gaps(self) -> list[GapRecord]:
        return [each for each in self.records if isinstance(each, GapRecord)]

    @property
    def health(self) -> list[HealthRecord]:
        return [each for each in self.records if isinstance(each, HealthRecord)]

    @property
    def records(self) -> list[Any]:
        return [item.record for item in self.spool.items(CAMERA)]

    def streams(self) -> list[list[SegmentRecord]]:
        found: dict[Any, list[SegmentRecord]] = {}
        for each in self.segments:
            found.setdefault(each.stream_id, []).append(each)
        return list(found.values())

    def frames(self, stream: Sequence[SegmentRecord]) -> list[av.VideoFrame]:
        """The stream as a player shows it."""
        wanted = {each.sequence for each in stream}
        media = b"".join(
            item.media_path.read_bytes()
            for item in self.spool.items(CAMERA)
            if isinstance(item.record, SegmentRecord)
            and item.record.stream_id == stream[0].stream_id
            and item.record.sequence in wanted
            and item.media_path is not None
        )
        init = self.spool.init(CAMERA, stream[0].stream_id)
        with av.open(io.BytesIO(init + media), mode="r") as container:
            return list(container.decode(video=0))

    def times_s(self, stream: Sequence[SegmentRecord]) -> list[float]:
        times = [float(frame.time) for frame in self.frames(stream) if frame.time is not None]
        return [round(each - times[0], 3) for each in times]


@contextmanager
def camera(clip: Clip, **options: Any) -> Iterator[RtspServer]:
    """The camera, running on an event loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = RtspServer(clip, **options)
    try:
        asyncio.run_coroutine_threadsafe(server.open(), loop).result(5)
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


LOOPBACK = SourceNetworks(networks("127.0.0.0/8"))


def address(url: str, username: str | None = None, password: str | None = None) -> RtspAddress:
    return RtspAddress(url, LOOPBACK.require(url), username, password)


OpenSource = Callable[[StoredSource], AbstractContextManager[LiveSource]]


def opening(where: Callable[[], RtspAddress], read_timeout_s: float = 5.0) -> OpenSource:
    @contextmanager
    def open_source(source: StoredSource) -> Iterator[LiveSource]:
        with open_live(where(), connect_timeout_s=5.0, read_timeout_s=read_timeout_s) as container:
            yield LiveSource(container)

    return open_source


def record(
    folder: Path,
    clip: Clip,
    *,
    until: Callable[[Recorded], bool] | None = None,
    at_most_s: float = 20.0,
    limits: dict[str, float] | None = None,
    reached_at: Callable[[RtspServer], RtspAddress] | None = None,
    read_timeout_s: float = 5.0,
    joined_after_s: float = 0.0,
    **options: Any,
) -> Recorded:
    """Record the camera `until` the spool holds what is wanted, by default a last segment."""
    wanted = until or (lambda found: any(each.last_in_stream for each in found.segments))
    spool = Spool(folder / "spool", 100_000_000)
    with camera(clip, **options) as server:
        where = address(server.url) if reached_at is None else reached_at(server)
        recorder = Recorder(
            assignment(),
            spool,
            RecorderLimits(**(limits or {})),
            RecorderCallbacks(
                open_source=opening(lambda: where, read_timeout_s),
                on_spooled=lambda camera_id: None,
                inspect_fragment=lambda *_: None,
            ),
        )
        time.sleep(joined_after_s)
        recorder.start()
        deadline = time.monotonic() + at_most_s
        while time.monotonic() < deadline and not wanted(Recorded(spool, 0.0)):
            time.sleep(0.05)
        recorder.stop()
        recorder.join(10)
        started_at = server.started_at
    return Recorded(spool, started_at.timestamp() if started_at else 0.0)


def described_as(monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str]) -> None:
    """Let the camera's session description be another one."""
    monkeypatch.setattr(connection, "describe", lambda clip, host: change(rtp.describe(clip, host)))
