"""An uploaded file's frames keep their times and sizes, whatever the container says of them."""

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from payesh.ingest.adapters.video_file import FileEnd, FileFragment, FileSegments, NotAVideo
from payesh.ingest.domain.file_times import SurveyedPackets, plan_streams
from tests.support.encoded_video import encode, moved, remux

STEADY = [round(number * 0.04, 3) for number in range(100)]
HOURS_5 = 5 * 3600.0


@dataclass(frozen=True)
class Cut:
    """What became of a file: its fragments by stream, and how it ended."""

    streams: list[list[FileFragment]]
    end: FileEnd

    @property
    def parts(self) -> list[FileFragment]:
        return [part for stream in self.streams for part in stream]

    def frames(self, ordinal: int) -> list[Any]:
        """The decoded frames of one stream."""
        stream = self.streams[ordinal]
        media = stream[0].stream.init + b"".join(part.fragment.media for part in stream)
        container: Any = av.open(io.BytesIO(media))
        with container:
            return list(container.decode(video=0))

    def shown_s(self, ordinal: int = 0) -> list[float]:
        """Times of the frames that a player shows of one stream, by its own time line."""
        times = [float(frame.pts * frame.time_base) for frame in self.frames(ordinal)]
        return [round(time, 3) for time in times if time > -0.001]

    def sizes(self, ordinal: int) -> set[tuple[int, int]]:
        return {(frame.width, frame.height) for frame in self.frames(ordinal)}


def cut(path: Path, **options: Any) -> Cut:
    file = FileSegments(path, shortest_s=1.9, **options)
    streams: list[list[FileFragment]] = []
    for part in file.fragments():
        if part.stream.ordinal == len(streams):
            streams.append([])
        streams[part.stream.ordinal].append(part)
    assert [part.last for part in streams[-1]] == [False] * (len(streams[-1]) - 1) + [True]
    return Cut(streams, file.end())


def whole(done: Cut, frames: int = 100) -> None:
    """One stream without repair, its frames at 0, 0.04, 0.08 …"""
    assert len(done.streams) == 1
    assert sum(part.fragment.frame_count for part in done.parts) == frames
    assert sum(part.fragment.repaired_timestamps for part in done.parts) == 0
    assert done.parts[0].start_s == 0.0
    assert done.parts[-1].end_s == pytest.approx(frames * 0.04)
    for former, part in zip(done.parts, done.parts[1:], strict=False):
        assert part.start_s == pytest.approx(former.end_s)
    assert done.shown_s() == [round(number * 0.04, 3) for number in range(frames)]
    assert done.end.missing_s == 0.0


@pytest.mark.parametrize("bframes", [0, 3])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.flv"])
def test_frames_lie_where_the_container_puts_them(tmp_path: Path, name: str, bframes: int) -> None:
    source = encode(tmp_path / "source.mp4", bframes=bframes)
    done = cut(remux(source, tmp_path / f"file-{name}"))
    whole(done)
    assert done.end.warning is None


@pytest.mark.parametrize("bframes", [0, 3])
def test_frames_of_an_avi_are_shown_in_their_order(tmp_path: Path, bframes: int) -> None:
    """The container holds decoding order alone."""
    whole(cut(encode(tmp_path / "a.avi", bframes=bframes)))


@pytest.mark.parametrize(
    ("codec", "form", "bframes"),
    [("libx264", "h264", 0), ("libx264", "h264", 3), ("libx265", "hevc", 2)],
)
def test_a_file_without_times_has_the_nominal_rate_and_no_known_time(
    tmp_path: Path, codec: str, form: str, bframes: int
) -> None:
    done = cut(encode(tmp_path / f"raw.{form}", codec=codec, form=form, bframes=bframes))
    whole(done)
    assert done.end.warning == "the file carries no times: its frames are counted at 25 a second"
    assert not any(part.stream.time_known for part in done.parts)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_open_groups_lose_no_frame(tmp_path: Path, codec: str) -> None:
    whole(cut(encode(tmp_path / "a.mp4", codec=codec, bframes=3, open_gop=True, gop=50)))


def test_a_group_of_forty_seconds_is_kept_in_parts_that_name_what_they_need(tmp_path: Path) -> None:
    done = cut(encode(tmp_path / "a.mp4", 1000, gop=1000, size=(64, 64)))
    whole(done, 1000)
    assert [part.fragment.keyframe_first for part in done.parts] == [True, False, False]


def test_a_file_that_begins_within_a_group_keeps_its_time_and_its_frames(tmp_path: Path) -> None:
    source = encode(tmp_path / "source.mp4")
    late = remux(
        source, tmp_path / "late.ts", change=lambda packet: packet.dts * packet.time_base >= 0.39
    )
    done = cut(late)  # fmt: skip
    assert sum(part.fragment.frame_count for part in done.parts) == 90
    assert not done.parts[0].fragment.keyframe_first
    assert done.parts[0].start_s == 0.0
    assert done.parts[-1].end_s == pytest.approx(3.6)
    # Nothing can be seen of the first 15; the keyframe keeps its distance from the beginning.
    assert done.shown_s() == [round(number * 0.04, 3) for number in range(15, 90)]


def test_leading_frames_whose_group_was_cut_away_are_not_the_first(tmp_path: Path) -> None:
    source = encode(tmp_path / "source.mp4", codec="libx265", bframes=3, open_gop=True)
    keys: list[int] = []

    def from_second_key(packet: Any) -> bool:
        keys.extend([1] if packet.is_keyframe else [])
        return len(keys) > 1

    done = cut(remux(source, tmp_path / "late.ts", change=from_second_key))
    shown = done.shown_s()
    assert shown[0] == 0.0 and done.parts[0].start_s == 0.0
    assert sum(part.fragment.frame_count for part in done.parts) == len(shown)


def trimmed(source: Path, target: Path, seconds: float) -> Path:
    """Shown from `seconds` on, as a lossless trim writes it: an edit list hides the rest."""

    def earlier(packet: Any) -> None:
        packet.pts -= round(seconds / packet.time_base)
        packet.dts -= round(seconds / packet.time_base)

    return remux(source, target, change=earlier, use_editlist="1", avoid_negative_ts="disabled")


@pytest.mark.parametrize(("bframes", "hidden"), [(0, 50), (3, 10)])
def test_what_an_edit_list_hides_is_not_shown(tmp_path: Path, bframes: int, hidden: int) -> None:
    source = encode(tmp_path / "source.mp4", 150, gop=75, bframes=bframes)
    done = cut(trimmed(source, tmp_path / "trimmed.mp4", hidden * 0.04))
    whole(done, 150 - hidden)
    assert done.end.warning is None


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_rotation_matrix_is_announced_clockwise(tmp_path: Path, turned: int) -> None:
    done = cut(encode(tmp_path / "a.mp4", 25, rotation_deg=turned))
    assert done.parts[0].stream.rotation_deg == 360 - turned
    assert cut(encode(tmp_path / "b.mp4", 25)).parts[0].stream.rotation_deg == 0


def test_a_thumbnail_before_the_video_is_not_the_video(tmp_path: Path) -> None:
    both = tmp_path / "both.mkv"
    with av.open(str(both), "w") as container:
        still: Any = container.add_stream("mjpeg", rate=1)
        still.width, still.height, still.pix_fmt = 64, 48, "yuvj420p"
        video: Any = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        video.options = {"tune": "zerolatency", "g": "25"}
        black = np.zeros((96, 160, 3), np.uint8)
        container.mux(still.encode(av.VideoFrame.from_ndarray(black[:48, :64], format="rgb24")))
        for _ in range(100):
            container.mux(video.encode(av.VideoFrame.from_ndarray(black, format="rgb24")))
        container.mux(still.encode())
        container.mux(video.encode())
    done = cut(both)
    whole(done)
    assert (done.parts[0].stream.codec, done.parts[0].stream.width_px) == ("h264", 160)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("name", ["a.ts", "a.mkv"])
def test_another_picture_size_is_another_stream(tmp_path: Path, codec: str, name: str) -> None:
    form = {"libx264": "h264", "libx265": "hevc"}[codec]
    raw = tmp_path / f"both.{form}"
    raw.write_bytes(
        encode(tmp_path / f"a.{form}", 50, codec=codec, form=form).read_bytes()
        + encode(tmp_path / f"b.{form}", 50, codec=codec, form=form, size=(320, 192)).read_bytes()
    )
    both = tmp_path / name
    with av.open(str(raw)) as old, av.open(str(both), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for number, packet in enumerate(p for p in old.demux(video=0) if p.size):
            packet.pts = packet.dts = round(number * 0.04 / packet.time_base)
            packet.stream = stream
            new.mux(packet)
    done = cut(both)
    first, second = done.streams
    assert [(s[0].stream.width_px, s[0].stream.height_px) for s in done.streams] == [
        (160, 96),
        (320, 192),
    ]
    assert done.sizes(0) == {(160, 96)} and done.sizes(1) == {(320, 192)}
    assert [sum(part.fragment.frame_count for part in s) for s in done.streams] == [50, 50]
    assert first[-1].last and first[-1].end_s == pytest.approx(2.0)
    assert second[0].start_s == pytest.approx(2.0) and second[0].stream.gap_from_s is None
    assert first[0].stream.init != second[0].stream.init
    assert done.end.warning is None


@pytest.mark.parametrize("name", ["a.mkv", "a.ts", "a.mp4"])
def test_times_that_jump_by_hours_make_a_gap_and_another_stream(tmp_path: Path, name: str) -> None:
    source = encode(tmp_path / "source.mp4", 200)
    jumped = remux(source, tmp_path / name, change=moved(HOURS_5, after_s=3.9))
    done = cut(jumped)
    first, second = done.streams
    assert first[-1].end_s == pytest.approx(3.92, abs=0.05)
    assert second[0].start_s == pytest.approx(HOURS_5 + 3.92, abs=0.05)
    assert sum(part.fragment.frame_count for part in done.parts) == 200
    assert sum(part.fragment.repaired_timestamps for part in done.parts) == 0
    assert second[0].stream.gap_from_s == pytest.approx(first[-1].end_s)
    assert second[0].stream.time_known and second[0].stream.gap_known
    assert "jump by +18000.0 s" in (done.end.warning or "")


def test_a_jump_into_the_future_is_not_believed(tmp_path: Path) -> None:
    source = encode(tmp_path / "source.mp4", 200)
    done = cut(
        remux(source, tmp_path / "a.mkv", change=moved(HOURS_5, after_s=3.9)), latest_s=3600.0
    )
    first, second = done.streams
    assert first[0].stream.time_known and not second[0].stream.time_known
    assert 3.9 < (second[0].stream.gap_from_s or 0) < second[0].start_s < 6
    assert done.parts[-1].end_s < 12
    assert "unverified" in (done.end.warning or "") and done.end.missing_s == 0


def test_a_film_that_lasts_beyond_its_upload_cannot_have_begun_then(tmp_path: Path) -> None:
    source = encode(tmp_path / "source.mp4", 200)  # 8 s
    done = cut(source, latest_s=-60.0)
    assert [part.stream.time_known for part in done.parts] == [False] * len(done.parts)
    assert "ends 68 s after its upload" in (done.end.warning or "")
    assert "unverified" in (done.end.warning or "") and done.end.missing_s == 0
    jumped = cut(
        remux(source, tmp_path / "a.mkv", change=moved(HOURS_5, after_s=3.9)), latest_s=-60.0
    )
    assert not jumped.streams[0][0].stream.time_known


@pytest.mark.parametrize("latest_s", [8.0, 0.0, -51.0])
def test_a_clock_may_be_ahead_by_as_much_as_at_the_door(tmp_path: Path, latest_s: float) -> None:
    done = cut(encode(tmp_path / "source.mp4", 200), latest_s=latest_s)
    assert done.end.warning is None and done.parts[0].stream.time_known


def test_exports_joined_to_one_file_go_on_after_each_other(tmp_path: Path) -> None:
    one = remux(encode(tmp_path / "source.mp4"), tmp_path / "a.ts").read_bytes()
    (tmp_path / "twice.ts").write_bytes(one + one)
    done = cut(tmp_path / "twice.ts")
    assert len(done.streams) == 2
    assert done.streams[1][0].start_s >= done.streams[0][-1].end_s
    assert done.shown_s(1) == STEADY
    assert not done.streams[1][0].stream.time_known


def test_a_slow_camera_is_one_stream(tmp_path: Path) -> None:
    times, time_s = [], 0.0
    for number in range(40):
        times.append(time_s)
        time_s += 0.04 if number % 20 < 10 else 2.0
    done = cut(encode(tmp_path / "a.mp4", 40, gop=10, times=times))
    assert len(done.streams) == 1 and done.end.warning is None
    assert done.shown_s() == [round(time, 3) for time in times]


def planned(pts: list[int], **options: Any) -> list[Any]:
    times = np.array(pts, np.int64)
    every = np.ones(len(pts), np.bool_)
    packets = SurveyedPackets(times, every, every, ~every, np.zeros(len(pts), np.int64))
    return plan_streams(packets, 25.0, nominal_step=1, latest_ticks=math.inf, **options)


def test_a_frame_that_repeats_a_time_is_moved_and_a_stray_one_is_put_back() -> None:
    (stream,) = planned([0, 1, 2, 2, 4, 5])
    assert stream.pts.tolist() == [0, 1, 2, 3, 4, 5]
    assert stream.repaired.tolist() == [False, False, False, True, False, False]
    (stream,) = planned([0, 1, 2, 90_000, 4, 5, 6])
    assert stream.pts.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert stream.repaired.tolist() == [False, False, False, True, False, False, False]


def test_decoding_times_increase_and_come_before_the_presentation() -> None:
    (stream,) = planned([0, 4, 2, 1, 3, 8, 6, 5, 7])
    assert stream.pts.tolist() == [0, 4, 2, 1, 3, 8, 6, 5, 7]
    assert (np.diff(stream.dts) > 0).all() and (stream.dts <= stream.pts).all()
    assert not stream.repaired.any()


def test_a_file_without_a_keyframe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAVideo):
        cut(remux(encode(tmp_path / "a.mp4", 50, gop=100), tmp_path / "b.ts",
                  change=lambda packet: not packet.is_keyframe))  # fmt: skip
