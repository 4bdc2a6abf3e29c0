"""Pixels arrive as the camera meant them, and no frame is too large to be decoded safely."""

import io

import av
import numpy as np
import pytest

from payesh.detect.adapters.video import decode_segment
from payesh.kit.errors import MessageFault


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
