"""Packets in, an init part and media fragments out; nothing is decoded.

One libavformat MP4 muxer a stream. It cuts at the first keyframe after a minimum length and
writes each finished fragment at once, so a call that made bytes appear closed a fragment and the
packet given is the first of the next.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av

from payesh.ingest.adapters.video_setup import VideoSetup
from payesh.ingest.domain.fragments import shown_after, split

_FLUSH_PACKETS = 0x0200  # AVFMT_FLAG_FLUSH_PACKETS: without it a fragment waits in the I/O buffer
_BUFFER_BYTES = 1 << 20
_LONGEST_FRAGMENT_US = 15_000_000


@dataclass(frozen=True, slots=True)
class Fragment:
    """Media of one segment. Times are ticks of the source's time base.

    `keyframe_first` is false where decoding needs the fragments before.
    """

    media: bytes
    first_pts: int
    end_pts: int
    frame_count: int
    repaired_timestamps: int
    keyframe_first: bool = True


class _Sink:
    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    def write(self, data: bytes) -> int:
        # Already a copy of FFmpeg's buffer, made for this call.
        self.chunks.append(data if isinstance(data, bytes) else bytes(data))
        return len(data)

    def take(self) -> bytes:
        data = self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)
        self.chunks.clear()
        return data


class Remuxer:
    """One stream: its init part once, then a Fragment at a time.

    `source` is the PyAV video stream that packets come from, or one of the same format; `setup`
    replaces its parameter sets. Packets have its time base unless `time_base` is another.
    Media time zero is `shown_from`, the first packet's time unless given: frames with an earlier
    time are decoded and not shown. Longest fragment: 15 s, also without
    a keyframe, so that a camera with rare keyframes cannot fill memory or lose more when killed.
    """

    def __init__(
        self,
        source: Any,
        *,
        shortest_s: float,
        time_base: Fraction | None = None,
        setup: VideoSetup | None = None,
        shown_from: int | None = None,
    ) -> None:
        self._sink = _Sink()
        self._output: Any = av.open(
            self._sink,
            mode="w",
            format="mp4",
            buffer_size=_BUFFER_BYTES,
            options={
                "movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer",
                "min_frag_duration": str(round(shortest_s * 1e6)),
                "frag_duration": str(_LONGEST_FRAGMENT_US),
            },
        )
        self._output.flags |= _FLUSH_PACKETS
        self._stream = self._output.add_stream_from_template(source)
        if setup is not None:
            context = self._stream.codec_context
            context.extradata = setup.extradata
            context.width, context.height = setup.width_px, setup.height_px
        self.time_base: Fraction = time_base or source.time_base
        if time_base is not None:
            self._stream.time_base = time_base
        self.init: bytes | None = None
        self._origin_dts: int | None = None
        self._shown_from = shown_from
        self._first_pts = 0
        self._keyframe_first = True
        self._frames = 0
        self._repaired = 0

    def add(
        self, packet: Any, pts: int, dts: int, *, step: int, repaired: bool = False
    ) -> Fragment | None:
        """Give the next packet; a Fragment when this one closed it. `step` is the usual distance of
        frames. Raises av.FFmpegError."""
        if self._origin_dts is None:
            self._origin_dts = dts
            self._first_pts = pts
            self._keyframe_first = packet.is_keyframe
            if self._shown_from is None:
                self._shown_from = pts
        # Media time starts at zero: a source's own count may be any 33-bit number.
        packet.pts = pts - self._origin_dts
        packet.dts = dts - self._origin_dts
        if not packet.duration:
            # RTSP has none; the last frame of a stream would have no length.
            packet.duration = step
        packet.stream = self._stream
        self._output.mux_one(packet)
        done = self._collect(pts) if self._sink.chunks else None
        if done is not None:
            self._keyframe_first = packet.is_keyframe
        self._frames += 1
        self._repaired += repaired
        return done

    def finish(self, end_pts: int) -> Fragment | None:
        """Close the stream; its last Fragment, None when there was no packet at all."""
        if self._origin_dts is None:
            self._output.close()
            return None
        self._output.close()
        return self._collect(end_pts)

    def _collect(self, end_pts: int) -> Fragment | None:
        media = self._sink.take()
        if self.init is None:
            init, fragments = split(media)
            delay = (self._shown_from or 0) - (self._origin_dts or 0)
            # Reordered frames are decoded before they are shown: without it the first one would
            # be shown late by that.
            self.init = shown_after(init, float(delay * self.time_base))
            media = b"".join(fragments)
        if not media:
            return None
        done = Fragment(
            media, self._first_pts, end_pts, self._frames, self._repaired, self._keyframe_first
        )
        self._first_pts, self._frames, self._repaired = end_pts, 0, 0
        return done
