"""The synthetic camera speaks RTSP well enough for FFmpeg, and keeps strangers out."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from payesh.local.camera.authentication import Credentials, Scheme
from payesh.local.camera.clip import Clip, UnsupportedClipError, load_clip
from payesh.local.camera.rtsp_server import RtspServer

pytestmark = pytest.mark.slow

FRAMES, GROUP, RATE = 40, 20, 25
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    path = tmp_path_factory.mktemp("clip") / "short.mp4"
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        options = {"x264-params": f"keyint={GROUP}:min-keyint={GROUP}:scenecut=0:bframes=0"}
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(FRAMES):
            picture = rng.integers(0, 255, (180, 320, 3), np.uint8)  # noise: packets of many kB
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return load_clip(path)


class Played:
    """What a viewer got: packets, and pictures decoded from them."""

    def __init__(self, url: str, most: int = 10_000) -> None:
        options = {"rtsp_transport": "tcp"}
        with av.open(url, options=options, timeout=10) as container:
            stream = container.streams.video[0]
            self.timestamps_s: list[float] = []
            self.packets = self.pictures = 0
            self.started_at_us = 0
            for packet in container.demux(stream):
                self.started_at_us = self.started_at_us or container.start_time_realtime or 0
                self.packets += bool(packet.size)
                if packet.size and packet.dts is not None and stream.time_base is not None:
                    self.timestamps_s.append(float(packet.dts * stream.time_base))
                self.pictures += len(packet.decode())
                if self.packets == most:
                    break


def with_login(server: RtspServer, password: str) -> str:
    return server.url.replace("rtsp://", f"rtsp://camera:{password.replace(' ', '%20')}@")


@pytest.mark.parametrize("scheme", [Scheme.BASIC, Scheme.DIGEST])
async def test_viewer_gets_every_frame_in_order(clip: Clip, scheme: Scheme) -> None:
    credentials = Credentials("camera", PASSWORD, scheme)
    async with RtspServer(clip, credentials=credentials) as server:
        played = await asyncio.to_thread(Played, with_login(server, PASSWORD))
    assert played.packets == played.pictures == FRAMES
    steps = np.diff(played.timestamps_s)
    assert np.allclose(steps, 1 / RATE, atol=0.002)


@pytest.mark.parametrize("scheme", [Scheme.BASIC, Scheme.DIGEST])
async def test_wrong_password_is_refused(clip: Clip, scheme: Scheme) -> None:
    credentials = Credentials("camera", PASSWORD, scheme)
    async with RtspServer(clip, credentials=credentials) as server:
        for url in (server.url, with_login(server, "wrong")):
            with pytest.raises(av.error.HTTPUnauthorizedError):
                await asyncio.to_thread(Played, url)
        assert server.started_at is None


async def test_reports_carry_the_time_of_the_first_frame(clip: Clip) -> None:
    async with RtspServer(clip) as server:
        played = await asyncio.to_thread(Played, server.url)
        assert server.started_at is not None
        difference_s = played.started_at_us / 1e6 - server.started_at.timestamp()
    assert abs(difference_s) < 0.02


async def test_a_wrong_clock_shows_in_the_reports(clip: Clip) -> None:
    async with RtspServer(clip, clock_skew_s=90.0) as server:
        played = await asyncio.to_thread(Played, server.url)
        assert server.started_at is not None
        difference_s = played.started_at_us / 1e6 - server.started_at.timestamp()
    assert abs(difference_s - 90.0) < 0.02


async def test_late_viewer_joins_at_the_last_keyframe(clip: Clip) -> None:
    async with RtspServer(clip, start_when="now") as server:
        await asyncio.sleep(1.0)  # the keyframe before lies at 0.8 s
        played = await asyncio.to_thread(Played, server.url)
    assert played.packets == played.pictures == FRAMES - GROUP


async def test_looping_camera_goes_on_with_rising_timestamps(clip: Clip) -> None:
    async with RtspServer(clip, loop=True) as server:
        played = await asyncio.to_thread(Played, server.url, FRAMES + GROUP)
    steps = np.diff(played.timestamps_s)
    assert np.allclose(steps, 1 / RATE, atol=0.002)


async def test_state_file_tells_address_and_start(clip: Clip, tmp_path: Path) -> None:
    state_file = tmp_path / "camera.json"
    async with RtspServer(clip, start_when="called", state_file=state_file) as server:
        before = json.loads(state_file.read_text(encoding="utf-8"))
        assert before["port"] == server.port
        assert before["started_at"] is None
        moment = datetime.now(UTC) + timedelta(seconds=30)
        server.start(moment)
        after = json.loads(state_file.read_text(encoding="utf-8"))
        assert abs(datetime.fromisoformat(after["started_at"]) - moment) < timedelta(milliseconds=1)


async def test_unknown_path_and_garbage_cost_only_their_own_connection(clip: Clip) -> None:
    async with RtspServer(clip) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"\x16\x03 garbage\r\n\r\n")
        assert await reader.read(100) == b""
        writer.close()
        with pytest.raises(av.error.HTTPNotFoundError):
            await asyncio.to_thread(Played, server.url + "-other")
        played = await asyncio.to_thread(Played, server.url)
    assert played.packets == FRAMES


def test_file_without_h264_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height = 64, 48
        container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode(None))
    with pytest.raises(UnsupportedClipError):
        load_clip(path)
