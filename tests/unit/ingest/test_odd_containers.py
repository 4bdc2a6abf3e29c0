"""Containers that say something else of their frames than the frames themselves do."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from payesh.ingest.adapters.video_file import NotAVideo
from tests.support.encoded_video import encode, moved, remux
from tests.unit.ingest.test_video_files import cut, whole

_END_OF_SEQUENCE = 2


def tags(flv: bytes) -> Iterator[bytearray]:
    at = 13
    while at < len(flv):
        end = at + 15 + int.from_bytes(flv[at + 1 : at + 4])
        yield bytearray(flv[at:end])
        at = end


def joined_flv(first: bytes, then: bytes, after_ms: int) -> bytes:
    """One file; the second's parameter sets come in a tag, and in no frame."""
    body = bytearray(first[:13])
    for tag in tags(first):
        if tag[0] != 9 or tag[12] != _END_OF_SEQUENCE:
            body += tag
    for tag in tags(then):
        if tag[0] == 9:
            time_ms = int.from_bytes(tag[4:7]) + after_ms
            tag[4:7] = time_ms.to_bytes(3)
            body += tag
    return bytes(body)


@pytest.mark.parametrize("bframes", [0, 3])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_another_size_that_the_container_alone_announces_is_another_stream(
    tmp_path: Path, codec: str, bframes: int
) -> None:
    """The first stream keeps its own size, although the second one lies within what is probed."""
    first = encode(tmp_path / "a.flv", 50, codec=codec, bframes=bframes).read_bytes()
    then = encode(tmp_path / "b.flv", 50, codec=codec, bframes=bframes, size=(320, 192))
    both = tmp_path / "both.flv"
    both.write_bytes(joined_flv(first, then.read_bytes(), 2000))
    done = cut(both)
    assert [(s[0].stream.width_px, s[0].stream.height_px) for s in done.streams] == [
        (160, 96),
        (320, 192),
    ]
    assert done.sizes(0) == {(160, 96)} and done.sizes(1) == {(320, 192)}
    assert [sum(part.fragment.frame_count for part in s) for s in done.streams] == [50, 50]
    assert done.streams[1][0].start_s == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("bframes", [0, 3])
def test_frames_stamped_as_they_are_decoded_are_shown_in_their_order(
    tmp_path: Path, bframes: int
) -> None:
    source = encode(tmp_path / "source.mp4", bframes=bframes)
    whole(cut(remux(source, tmp_path / "a.asf", form="asf")))


@pytest.mark.parametrize("name", ["a.mkv", "a.asf"])
def test_a_file_that_begins_late_is_not_truncated(tmp_path: Path, name: str) -> None:
    later = moved(3.0, after_s=-1.0)
    form = {"a.asf": "asf"}.get(name)
    done = cut(remux(encode(tmp_path / "s.mp4"), tmp_path / name, change=later, form=form))
    whole(done)
    assert done.end.warning is None


@pytest.mark.parametrize(("shown_for_s", "streams"), [(9.0, 1), (10.0, 1), (10.1, 2), (38.0, 2)])
def test_what_is_missing_between_two_streams_is_always_a_gap(
    tmp_path: Path, shown_for_s: float, streams: int
) -> None:
    times = [number * 0.04 for number in range(50)]
    times += [times[-1] + shown_for_s + 0.04 + number * 0.04 for number in range(50)]
    done = cut(encode(tmp_path / "a.mp4", times=times))
    assert len(done.streams) == streams
    gaps = [stream[0].stream.gap_from_s for stream in done.streams]
    assert gaps == ([None] if streams == 1 else [None, pytest.approx(2.0)])
    assert (done.end.warning is None) == (streams == 1)


def test_a_transport_stream_whose_times_go_back_leads_into_no_other_day(tmp_path: Path) -> None:
    """Its times wrap after 26.5 hours: 1.4 hours back read as 25 hours on."""
    source = encode(tmp_path / "source.mp4")
    late = remux(source, tmp_path / "late.ts", change=moved(5000.0, after_s=-1.0)).read_bytes()
    early = remux(source, tmp_path / "early.ts").read_bytes()
    (tmp_path / "both.ts").write_bytes(late + early)
    done = cut(tmp_path / "both.ts", latest_s=7 * 24 * 3600.0)
    assert len(done.streams) == 2
    assert not done.streams[1][0].stream.time_known
    assert done.parts[-1].end_s < 12.0
    assert "unverified" in (done.end.warning or "")


def shown_by(path: Path, a: int, b: int, c: int, d: int) -> Path:
    """A video with another display matrix (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(encode(path, 25, rotation_deg=90).read_bytes())
    at = data.index(b"tkhd") + 44
    data[at : at + 20] = struct.pack(">5i", a << 16, b << 16, 0, c << 16, d << 16)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("matrix", [(-1, 0, 0, 1), (1, 0, 0, -1), (0, 1, 1, 0), (0, -1, -1, 0)])
def test_mirrored_pictures_are_refused_in_words(
    tmp_path: Path, matrix: tuple[int, int, int, int]
) -> None:
    with pytest.raises(NotAVideo, match="mirrored"):
        cut(shown_by(tmp_path / "a.mp4", *matrix))


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [((1, 0, 0, 1), 0), ((0, 1, -1, 0), 90), ((-1, 0, 0, -1), 180), ((0, -1, 1, 0), 270),
     ((2, 0, 0, 2), 0), ((10, 1, -1, 10), 0), ((1, 10, -10, 1), 90)],
)  # fmt: skip
def test_pictures_are_turned_to_the_nearest_quarter(
    tmp_path: Path, matrix: tuple[int, int, int, int], turn: int
) -> None:
    done = cut(shown_by(tmp_path / "a.mp4", *matrix))
    assert done.parts[0].stream.rotation_deg == turn
