"""Pixels arrive as the camera meant them, and no frame is too large to be decoded safely."""

import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from payesh.detect.adapters.recovery_point import refreshes_gradually
from payesh.detect.adapters.video import decode_segment
from payesh.ingest.adapters.video_file import FileSegments
from payesh.kit.errors import MessageFault
from tests.support.encoded_video import encode, remux


def video(width: int, height: int, pixel_format: str, luma: np.ndarray | None = None) -> bytes:
    """One frame of H.264 in MP4: `luma` (height, width) or black, without colour."""
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.options = {"crf": "4", "preset": "ultrafast"}
        frame = av.VideoFrame(width, height, pixel_format)
        for plane, values in zip(frame.planes, (luma, None, None), strict=True):
            rows = np.full((plane.height, plane.line_size), 128, np.uint8)
            if values is not None:
                rows[:, :width] = values
            plane.update(rows.tobytes())
        frame.pts = 0
        for packet in (*stream.encode(frame), *stream.encode()):
            container.mux(packet)
    return written.getvalue()


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p", "yuvj422p"])
def test_black_and_white_are_where_the_camera_put_them(pixel_format: str) -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    encoded = video(256, 64, pixel_format, ramp)
    (frame,) = decode_segment(encoded, b"")
    with av.open(io.BytesIO(encoded), "r") as container:
        reference = next(container.decode(video=0)).to_ndarray(format="bgr24")
    ours = frame.bgr().astype(int)
    assert np.abs(ours - reference.astype(int)).max() <= 3
    kept = len(np.unique(ours[32, :, 0]))
    assert kept > 240 if pixel_format.startswith("yuvj") else kept < 225


def test_a_frame_of_over_forty_megapixels_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(MessageFault, match="8192 x 5120 pixels is too large"):
        next(decode_segment(video(8192, 5120, "yuv420p"), b""))


def test_frames_that_an_edit_list_hides_serve_decoding_alone(tmp_path: Path) -> None:
    """A recording trimmed without encoding it again begins with frames that no player shows."""
    whole = encode(tmp_path / "whole.mp4", 50, gop=50)

    def earlier(packet: Any) -> None:
        packet.pts -= round(0.4 / packet.time_base)
        packet.dts -= round(0.4 / packet.time_base)

    trimmed = remux(
        whole, tmp_path / "a.mp4", change=earlier, use_editlist="1", avoid_negative_ts="disabled"
    )
    (part,) = FileSegments(trimmed, shortest_s=2).fragments()
    times = [frame.time_s for frame in decode_segment(part.stream.init, part.fragment.media)]
    assert times == pytest.approx([number * 0.04 for number in range(40)], abs=1e-6)


@pytest.mark.parametrize(
    ("keyframe", "gradual"),
    [
        ("00000000 00000002 419b", False),
        ("00000006 06060204f180 00000000 00000002 419b", True),
        ("00000000 00000000", False),
    ],
)
def test_an_empty_unit_in_a_keyframe_is_passed_over(keyframe: str, gradual: bool) -> None:
    assert refreshes_gradually(bytes.fromhex(keyframe)) is gradual
