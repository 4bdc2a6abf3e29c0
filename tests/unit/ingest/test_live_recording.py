"""Live cameras as they are, recorded over RTSP: no frame mistimed, none lost in silence."""

import dataclasses
import re
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from payesh.ingest.adapters.rtsp import RtspAddress
from payesh.local.camera import broadcast
from payesh.local.camera.authentication import Credentials
from payesh.local.camera.clip import Clip
from payesh.local.camera.rtsp_server import RtspServer
from tests.unit.ingest.live_camera import (
    ZERO_LATENCY,
    Recorded,
    address,
    described_as,
    encoded,
    joined,
    record,
    spaced,
)

X265 = "log-level=none:pools=1:frame-threads=1:scenecut=0"


def last_segments(count: int) -> Callable[[Recorded], bool]:
    return lambda found: sum(each.last_in_stream for each in found.segments) >= count


def raised(found: Recorded) -> list[tuple[str, str | None]]:
    return [(each.condition, each.reason) for each in found.health if each.raised]


@pytest.fixture
def joins(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When viewers joined; they wait for the next keyframe, as most cameras let them."""
    found: list[float] = []

    def join(self: broadcast.Broadcast, viewer: broadcast.Viewer) -> None:
        found.append(time.time())
        self._viewers.add(viewer)

    monkeypatch.setattr(broadcast.Broadcast, "join", join)
    return found


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", {"bf": "3", "preset": "fast", "sc_threshold": "0"}),
        ("libx264", {"bf": "1", "preset": "fast", "sc_threshold": "0"}),
        ("libx265", {"x265-params": f"bframes=4:open-gop=1:keyint=25:min-keyint=25:{X265}"}),
    ],
    ids=["h264-3b", "h264-1b", "hevc-open-gop"],
)
def test_reordered_frames_keep_their_times_and_none_is_repaired(
    tmp_path: Path, codec: str, options: dict[str, str]
) -> None:
    clip = encoded(tmp_path / "clip.mp4", frames=75, codec=codec, options=options)
    found = record(tmp_path, clip)
    (stream,) = found.streams()
    assert found.times_s(stream) == [round(0.04 * number, 3) for number in range(75)]
    assert sum(each.repaired_timestamps for each in stream) == 0
    assert sum(each.frame_count for each in stream) == 75
    assert not found.gaps
    assert stream[0].captured_at.timestamp() == pytest.approx(found.started_s, abs=0.05)


def test_slow_frames_are_one_stream_without_gap(tmp_path: Path) -> None:
    times = [0.04 * n for n in range(15)] + [0.6 + 1.5 * n for n in range(1, 4)]
    times += [5.14 + 0.04 * n for n in range(22)]
    clip = encoded(tmp_path / "clip.mp4", frames=len(times), gop=30)
    found = record(tmp_path, spaced(clip, times))
    (stream,) = found.streams()
    assert found.times_s(stream) == [round(each, 3) for each in times]
    assert sum(each.repaired_timestamps for each in stream) == 0
    assert not found.gaps
    assert all(each.presented_ms == each.duration_ms for each in stream)
    assert raised(found) == []


def test_frames_that_are_missing_are_a_gap(tmp_path: Path) -> None:
    clip = encoded(tmp_path / "clip.mp4", frames=50, gop=25)
    times = [0.04 * n for n in range(25)] + [4.0 + 0.04 * n for n in range(25)]
    found = record(tmp_path, spaced(clip, times), until=last_segments(2), at_most_s=8)
    assert [sum(each.frame_count for each in stream) for stream in found.streams()] == [25, 25]
    (gap,) = [each for each in found.gaps if each.reason == "source_lost"]
    assert (gap.ended_at - gap.started_at).total_seconds() == pytest.approx(3.0, abs=0.1)


def without_parameter_sets(text: str) -> str:
    return re.sub(r"; sprop-[^\r]*|sprop-[^\r]*", "", text)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_parameter_sets_are_awaited_on_the_open_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, joins: list[float], codec: str
) -> None:
    described_as(monkeypatch, without_parameter_sets)
    options = {"x265-params": f"keyint=75:min-keyint=75:bframes=0:{X265}"}
    clip = encoded(
        tmp_path / "clip.mp4",
        frames=110,
        gop=75,
        codec=codec,
        options=ZERO_LATENCY if codec == "libx264" else options,
    )
    clip = dataclasses.replace(clip, units=clip.units[10:])  # joined in the middle of a group
    found = record(
        tmp_path,
        clip,
        limits={"offline_after_s": 1.0},
        until=lambda found: bool(found.segments),
    )
    assert len(joins) == 1
    segment = found.segments[0]
    assert segment.frame_count == 35
    assert (segment.video.width_px, segment.video.height_px) == (128, 96)
    assert len(found.frames([segment])) == 35
    assert raised(found) == [("no_parameter_sets", "parameter_sets_missing")]
    assert [each.raised for each in found.health] == [True, False]


def test_parameter_sets_that_never_come_are_awaited_no_longer_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, joins: list[float]
) -> None:
    described_as(monkeypatch, without_parameter_sets)
    clip = encoded(tmp_path / "clip.mp4", frames=200, gop=200)
    clip = dataclasses.replace(clip, units=clip.units[10:])
    found = record(
        tmp_path,
        clip,
        limits={"parameter_sets_s": 1.0, "offline_after_s": 0.5},
        until=lambda found: len(joins) >= 4,
    )
    assert not found.segments
    waits = [later - earlier for earlier, later in pairwise(joins)]
    assert max(waits) < 3.0
    assert raised(found)[0] == ("no_parameter_sets", "parameter_sets_missing")


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_another_size_in_mid_stream_is_another_stream_from_that_keyframe(
    tmp_path: Path, codec: str
) -> None:
    options = (
        ZERO_LATENCY
        if codec == "libx264"
        else {"x265-params": f"keyint=25:min-keyint=25:bframes=0:{X265}"}
    )
    first = encoded(tmp_path / "a.mp4", frames=50, codec=codec, options=options)
    then = encoded(
        tmp_path / "b.mp4", frames=50, codec=codec, width=160, height=128, options=options
    )
    found = record(tmp_path, joined(first, then), until=last_segments(2))
    before, after = found.streams()
    for stream, size in ((before, (128, 96)), (after, (160, 128))):
        assert {(each.video.width_px, each.video.height_px) for each in stream} == {size}
        frames = found.frames(stream)
        assert {(frame.width, frame.height) for frame in frames} == {size}
        assert len(frames) == 50
        assert stream[-1].last_in_stream
    assert after[0].captured_at == before[-1].ended_at
    assert after[0].previous_link_sha256 == before[-1].link_sha256
    assert not found.gaps


def test_parameter_sets_of_the_description_that_are_stale_give_way_to_the_streams(
    tmp_path: Path,
) -> None:
    stale = encoded(tmp_path / "a.mp4", frames=25, width=320, height=240)
    clip = encoded(tmp_path / "b.mp4", frames=50)
    found = record(tmp_path, dataclasses.replace(clip, parameter_sets=stale.parameter_sets))
    (stream,) = found.streams()
    assert {(each.video.width_px, each.video.height_px) for each in stream} == {(128, 96)}
    assert len(found.frames(stream)) == 50


def delivered(clip: Clip, frames_per_s: float, *, after_s: float = 0.0) -> Clip:
    units = tuple(
        dataclasses.replace(
            unit,
            send_s=min(unit.pts_s, after_s) + max(0.0, unit.pts_s - after_s) * 25 / frames_per_s,
        )
        for unit in clip.units
    )
    return dataclasses.replace(clip, units=units, duration_s=units[-1].send_s + 0.04)


@pytest.mark.parametrize(
    ("frames_per_s", "joined_after_s"),
    [(21.0, 0.0), (30.0, 0.0), (21.0, 2.2)],
    ids=["slower", "faster", "joined-late"],
)
def test_a_camera_whose_stamps_run_at_another_rate_is_known_from_the_first_segment_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frames_per_s: float, joined_after_s: float
) -> None:
    """Joined late, the camera sends its first segment in one burst, which shows no rate."""
    monkeypatch.setattr(
        broadcast.Broadcast,
        "_report",
        lambda self, media_s: self.packetizer.sender_report(time.time(), media_s),
    )
    clip = encoded(tmp_path / "clip.mp4", frames=125, gop=50)
    found = record(
        tmp_path, delivered(clip, frames_per_s), start_when="now", joined_after_s=joined_after_s
    )
    assert len(found.segments) == 3
    for segment in found.segments:
        assert segment.presented_ms is not None
        ratio = segment.duration_ms / segment.presented_ms
        # The camera is a process of this machine: a busy one sends late.
        assert ratio == pytest.approx(25 / frames_per_s, abs=0.12)
        difference_ms = abs(segment.duration_ms - segment.presented_ms)
        assert segment.clock_u95_ms >= difference_ms
    assert raised(found) == [("clock_off", "rate_differs")]


def test_a_rate_that_changes_in_mid_stream_is_known_from_its_first_segment_on(
    tmp_path: Path,
) -> None:
    """At night a camera may send fewer frames and go on counting 25 a second."""
    clip = encoded(tmp_path / "clip.mp4", frames=300, gop=50)
    changed = delivered(clip, 21.0, after_s=6.0)
    found = record(tmp_path, changed, start_when="now", at_most_s=30.0)
    ratios = [each.duration_ms / (each.presented_ms or 1) for each in found.segments]
    assert ratios == pytest.approx([1.0] * 3 + [25 / 21] * 3, abs=0.06)
    assert found.gaps == []


def test_a_stall_in_mid_stream_is_no_other_rate(tmp_path: Path) -> None:
    """What the network held back from 3.2 s on comes at once, and the next frames in time."""
    clip = encoded(tmp_path / "clip.mp4", frames=250, gop=50)
    units = [
        dataclasses.replace(
            unit, send_s=max(unit.send_s, 5.0) if unit.pts_s >= 3.2 else unit.send_s
        )
        for unit in clip.units
    ]
    stalled = dataclasses.replace(clip, units=tuple(units))
    found = record(tmp_path, stalled, start_when="now", at_most_s=30.0)
    assert [each.duration_ms for each in found.segments] == [2000] * 5
    assert raised(found) == []


def test_an_honest_camera_is_not_suspected(tmp_path: Path) -> None:
    clip = encoded(tmp_path / "clip.mp4", frames=125, gop=50)
    found = record(tmp_path, clip)
    assert [each.presented_ms for each in found.segments] == [2000, 2000, 1000]
    assert [each.duration_ms for each in found.segments] == [2000, 2000, 1000]
    assert all(each.clock_u95_ms == 100 for each in found.segments)
    assert raised(found) == []


def test_rare_keyframes_lose_nothing_and_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payesh.ingest.adapters.remuxer._LONGEST_FRAGMENT_US", 1_500_000)
    rare = encoded(tmp_path / "a.mp4", frames=100, gop=100)
    usual = encoded(tmp_path / "b.mp4", frames=50, gop=25)
    # One encoder's settings: the same parameter sets all along.
    found = record(
        tmp_path,
        joined(rare, usual),
        until=lambda found: sum(each.frame_count for each in found.segments) >= 150,
        limits={"longest_gop_s": 2.5},
    )
    segments = found.segments
    assert sum(each.frame_count for each in segments) == 150
    assert max(each.duration_ms for each in segments) <= 2100
    assert [each.keyframe_first for each in segments][:3] == [True, False, False]
    assert sum(len(found.frames(stream)) for stream in found.streams()) == 150
    assert not found.gaps
    rare_ones = [each for each in found.health if each.condition == "gop_too_long"]
    assert [(each.raised, each.reason) for each in rare_ones] == [
        (True, "keyframes_rare"),
        (False, None),
    ]
    assert rare_ones[1].value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("reached_at", "expected"),
    [
        (
            lambda server: address(server.url, "admin", "wrong"),
            [("access_denied", "wrong_password"), ("offline", "wrong_password")],
        ),
        (
            lambda server: address(server.url + "/other", "admin", "right"),
            [("offline", "stream_not_found")],
        ),
        (
            lambda server: address("rtsp://127.0.0.1:9/live", "admin", "right"),
            [("offline", "unreachable")],
        ),
    ],
    ids=["wrong-password", "not-found", "unreachable"],
)
def test_why_a_camera_is_not_recorded_is_known(
    tmp_path: Path,
    reached_at: Callable[[RtspServer], RtspAddress],
    expected: list[tuple[str, str]],
) -> None:
    clip = encoded(tmp_path / "clip.mp4", frames=25)
    found = record(
        tmp_path,
        clip,
        reached_at=reached_at,
        credentials=Credentials("admin", "right"),
        limits={"offline_after_s": 0.0},
        until=lambda found: len(found.health) >= len(expected),
        at_most_s=5,
    )
    assert raised(found) == expected


def test_a_codec_that_is_not_accepted_is_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described_as(
        monkeypatch,
        lambda text: text.replace("RTP/AVP 96", "RTP/AVP 26").replace(
            "a=rtpmap:96 H264/90000", "a=rtpmap:26 JPEG/90000"
        ),
    )
    clip = encoded(tmp_path / "clip.mp4", frames=75)
    found = record(
        tmp_path,
        clip,
        until=lambda found: bool(found.health),
        at_most_s=8,
        start_when="now",
        loop=True,
    )
    assert raised(found)[0] == ("codec_refused", "codec_not_accepted")


def test_an_address_that_brings_sound_alone_is_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described_as(
        monkeypatch,
        lambda text: text.replace("m=video 0 RTP/AVP 96", "m=audio 0 RTP/AVP 0").replace(
            "a=rtpmap:96 H264/90000", "a=rtpmap:0 PCMU/8000"
        ),
    )
    found = record(
        tmp_path,
        encoded(tmp_path / "clip.mp4", frames=25),
        limits={"offline_after_s": 0.0},
        until=lambda found: bool(found.health),
        at_most_s=8,
        loop=True,
    )
    assert raised(found)[0] == ("no_frames", "no_video")
