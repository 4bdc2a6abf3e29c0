"""One connection to a source: its packets become streams, segment by segment."""

import time
from collections.abc import Callable

import av.error

from payesh.ingest.adapters.remuxer import Fragment
from payesh.ingest.adapters.rtsp import LiveSource, SourceEnded, SourceFailure
from payesh.ingest.adapters.spool_records import Assignment
from payesh.ingest.domain.capture_clock import CaptureClock
from payesh.ingest.domain.timestamps import TimestampRepair
from payesh.ingest.workers.recorder.limits import RecorderLimits
from payesh.ingest.workers.recorder.packets import timed_from_the_first
from payesh.ingest.workers.recorder.stream import LiveStream
from payesh.ingest.workers.recorder.writer import SegmentWriter


class Connection:
    """Usually one stream; more when frames are missing inside, or one has gone on for long.

    `assignment` is asked for at each stream and segment; `ending` before each packet;
    `on_streaming` is called when a stream begins.
    """

    def __init__(
        self,
        source: LiveSource,
        writer: SegmentWriter,
        limits: RecorderLimits,
        *,
        assignment: Callable[[], Assignment],
        ending: Callable[[], bool],
        on_streaming: Callable[[], None],
    ) -> None:
        self._source = source
        self._writer = writer
        self._limits = limits
        self._assignment = assignment
        self._ending = ending
        self._on_streaming = on_streaming
        self._tick_s = source.tick_s
        self._repair = TimestampRepair(1 / self._tick_s)
        self._clock = CaptureClock(
            limit_s=limits.clock_limit_s,
            floor_u95_ms=limits.clock_u95_ms,
            unverified_u95_ms=limits.unverified_u95_ms,
        )
        self._zero_s: float | None = None
        self._stream: LiveStream | None = None
        self._end_pts = 0

    def run(self) -> None:
        """Record until `ending`. Raises SourceFailure, SpoolFull, av.error.FFmpegError."""
        try:
            self._read()
        except (SourceFailure, av.error.FFmpegError):
            self._finish()
            raise
        self._finish()
        if not self._ending():
            raise SourceEnded("the source ended the stream")

    def _read(self) -> None:
        repair, clock, tick_s, ending = self._repair, self._clock, self._tick_s, self._ending
        for packet in timed_from_the_first(self._source.packets()):
            if ending():
                return
            if not packet.size:
                continue
            arrival_s = time.time()
            stamp = repair.repair(packet.pts, packet.dts, arrival_s)
            if stamp is None:
                continue
            pts, keyframe = stamp.pts, packet.is_keyframe
            clock.observe(pts * tick_s, arrival_s)
            if keyframe:
                self._zero_s = self._source.zero_s(
                    packet, pts * tick_s, repair.shift_ticks * tick_s
                )
            if stamp.hole_s is not None:
                self._finish()
            elif keyframe and self._outgrown():
                self._end_pts = pts  # where the next stream begins: no time lies between them
                self._finish()
            stream = self._stream
            if stream is None:
                if not keyframe:
                    continue
                stream = self._begin()
            fragment = stream.add(
                packet, pts, stamp.dts, step=repair.step_ticks, repaired=stamp.repaired
            )
            self._end_pts = pts + repair.step_ticks
            if fragment is not None:
                self._write(stream, fragment, last=False)
                stream.assignment = self._assignment()

    def _outgrown(self) -> bool:
        """A stream's init part is stored once and expires with the bucket's first segments, so no
        stream may go on for so long that its late segments name one that is gone."""
        stream = self._stream
        return stream is not None and stream.age_s >= self._limits.longest_stream_s

    def _begin(self) -> LiveStream:
        stream = self._stream = LiveStream(
            self._source.video, self._assignment(), self._limits.segment_s * 0.95
        )
        self._on_streaming()
        return stream

    def _finish(self) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        fragment = stream.finish(self._end_pts)
        if fragment is not None:
            self._write(stream, fragment, last=True)

    def _write(self, stream: LiveStream, fragment: Fragment, *, last: bool) -> None:
        self._writer.write(
            stream,
            fragment,
            self._clock.at(fragment.first_pts * self._tick_s, self._zero_s),
            (fragment.end_pts - fragment.first_pts) * self._tick_s,
            clock_known=self._zero_s is not None,
            last=last,
        )
