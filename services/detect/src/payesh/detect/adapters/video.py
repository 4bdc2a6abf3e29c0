"""Decoding a stream's stored segments, one frame at a time, on one thread."""

import io
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from payesh.detect.adapters.recovery_point import refreshes_gradually
from payesh.detect.frames import LARGEST_PIXELS, Frame
from payesh.detect.ports import DecodedPart, NothingDecodes
from payesh.kit.errors import MessageFault

_PLANAR = frozenset({"yuv420p", "yuvj420p"})
_MOST_HELD = 16
"""Frames that a decoder may hold back: the largest picture buffer of H.264 and HEVC."""


class StreamDecoder:
    """The port `Decoder` on FFmpeg.

    A part that is damaged shows what decodes of it: a truncated one still shows the vehicles of
    its first half. Frames of over 40 megapixels are refused before one is unpacked.
    """

    def __init__(self) -> None:
        self._init = b""
        self._context: Any = None
        """The codec's state; None until the first part, which shows how far frames are
        reordered."""
        self._time_base = Fraction(1)
        self._begun = False
        """A keyframe was decoded …"""
        self._refreshing = False
        """… which is refreshed picture by picture, and no picture is whole yet."""
        self._taken = 0
        """Packets of the latest part that the codec took …"""
        self._given = 0
        """… and pictures that came out, also those that are not to be shown."""

    def open(self, init: bytes) -> None:
        self._init = init
        self._context, self._begun, self._refreshing = None, False, False

    def decode(self, media: bytes) -> DecodedPart:
        packets = self._packets(media)
        timed = [packet for packet in packets if packet.pts is not None]
        if not timed:
            raise NothingDecodes("no packet with a time")
        frames = self._frames(packets)
        self._taken = self._given = 0
        first = next(frames, None)
        few = 0 < self._taken <= _MOST_HELD or (self._refreshing and self._taken)
        if not self._given and not few:
            raise NothingDecodes("no packet decodes")
        keyframes = [packet for packet in packets if packet.is_keyframe]
        gradual = {id(packet) for packet in keyframes if self._is_gradual(packet)}
        tick_s = float(self._time_base)
        latest, reorder = timed[0].pts, 0
        for packet in timed:
            latest = max(latest, packet.pts)
            reorder = max(reorder, latest - packet.pts)
        shown_from = max(0, min(packet.pts for packet in timed))
        end = max(packet.pts + (packet.duration or 0) for packet in timed)
        return DecodedPart(
            begins_s=max(0, timed[0].pts) * tick_s,
            length_s=max(0, end - shown_from) * tick_s,
            reorder_s=reorder * tick_s,
            keyframe_first=bool(packets[0].is_keyframe) and id(packets[0]) not in gradual,
            has_keyframe=bool(keyframes),
            frames=frames if first is None else chain([first], frames),
            refreshes=0 < len(gradual) == len(keyframes),
        )

    def drain(self) -> Iterator[Frame]:
        if self._context is not None and self._begun:
            yield from self._decoded(None)

    def _packets(self, media: bytes) -> list[Any]:
        """Packets of one part, in decoding order."""
        packets: list[Any] = []
        try:
            with av.open(io.BytesIO(self._init + media), mode="r") as container:
                if not container.streams.video:
                    return []
                stream = container.streams.video[0]
                if stream.width * stream.height > LARGEST_PIXELS:
                    raise MessageFault(
                        f"video of {stream.width} x {stream.height} pixels is too large",
                        retry=False,
                    )
                if self._context is None:
                    self._context = stream.codec_context
                    self._context.thread_count = 1
                    # A size may also change inside a stream: FFmpeg then refuses the frame.
                    self._context.options = {"max_pixels": str(LARGEST_PIXELS)}
                if stream.time_base is not None:
                    self._time_base = stream.time_base
                for packet in container.demux(stream):
                    if packet.size:  # an empty one would end the codec's stream
                        packets.append(packet)
        except av.FFmpegError:
            pass  # what was read up to the damage is used
        return packets

    def _frames(self, packets: list[Any]) -> Iterator[Frame]:
        for packet in packets:
            if not self._begun and not packet.is_keyframe:
                continue  # it refers to frames that are not there
            if not self._begun:
                self._begun, self._refreshing = True, self._is_gradual(packet)
            yield from self._decoded(packet)

    def _is_gradual(self, keyframe: Any) -> bool:
        return self._context.name == "h264" and refreshes_gradually(bytes(keyframe))

    def _decoded(self, packet: Any) -> Iterator[Frame]:
        try:
            pictures = self._context.decode(packet)
        except av.FFmpegError:
            return  # one damaged packet; the next keyframe or frame may be sound
        self._taken += 1
        for picture in pictures:
            self._given += 1
            self._refreshing = False
            # An edit list hides what comes before zero: it only serves decoding.
            if picture.pts is not None and picture.pts >= 0:
                yield _frame(picture, float(picture.pts * self._time_base))


def decode_segment(init: bytes, media: bytes) -> Iterator[Frame]:
    """Frames of `init` followed by one media part that stands alone, in presentation order."""
    decoder = StreamDecoder()
    decoder.open(init)
    try:
        yield from decoder.decode(media).frames
    except NothingDecodes:
        return
    yield from decoder.drain()


def _frame(picture: VideoFrame, time_s: float) -> Frame:
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
    return Frame(luma, chroma_u, chroma_v, time_s, full_range)
