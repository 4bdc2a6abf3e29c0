"""Decoding a stored segment, one frame at a time, on one thread."""

import io
from collections.abc import Iterator

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from payesh.detect.frames import LARGEST_PIXELS, Frame
from payesh.kit.errors import MessageFault

_PLANAR = frozenset({"yuv420p", "yuvj420p"})


def decode_segment(init: bytes, media: bytes) -> Iterator[Frame]:
    """Frames of `init` followed by one media part, in presentation order.

    Yields what decodes and ends without an error at damage: a truncated segment still shows the
    vehicles of its first half. `time_s` is the stream's presentation time. Raises MessageFault
    for frames of over 40 megapixels, before one is unpacked.
    """
    try:
        with av.open(io.BytesIO(init + media), mode="r") as container:
            if not container.streams.video:
                return
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            if stream.width * stream.height > LARGEST_PIXELS:
                raise MessageFault(
                    f"video of {stream.width} x {stream.height} pixels is too large", retry=False
                )
            # A size may also change inside a stream: FFmpeg then refuses the frame.
            stream.codec_context.options = {"max_pixels": str(LARGEST_PIXELS)}
            index = 0
            for packet in container.demux(stream):
                try:
                    decoded = packet.decode()
                except av.FFmpegError:
                    continue  # one damaged packet; the next keyframe or frame may be sound
                for picture in decoded:
                    if picture.pts is None or picture.time_base is None:
                        continue
                    if picture.pts < 0:  # an edit list hides it: it only served decoding
                        continue
                    yield _frame(picture, float(picture.pts * picture.time_base), index)
                    index += 1
    except av.FFmpegError:
        return


def _frame(picture: VideoFrame, time_s: float, index: int) -> Frame:
    if picture.format.name not in _PLANAR or picture.width % 2 or picture.height % 2:
        picture = picture.reformat(
            width=picture.width & ~1, height=picture.height & ~1, format="yuv420p"
        )
    planes = [
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[
            :, : plane.width
        ]
        for plane in picture.planes[:3]
    ]
    luma, chroma_u, chroma_v = planes
    # Older streams declare their range by the name of the pixel format.
    full_range = picture.color_range == ColorRange.JPEG or picture.format.name == "yuvj420p"
    return Frame(luma, chroma_u, chroma_v, time_s, index, full_range)
