"""One connection to a source: its packets become streams, segment by segment."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import av.error

from payesh.ingest.adapters.remuxer import Fragment
from payesh.ingest.adapters.rtsp import LiveSource, SourceEnded, SourceFailure
from payesh.ingest.adapters.spool_records import Assignment
from payesh.ingest.domain.arrival_rate import ArrivalRate
from payesh.ingest.domain.capture_clock import CaptureClock
from payesh.ingest.domain.decode_order import DecodeTimes
from payesh.ingest.domain.timestamps import Stamp, TimestampRepair
from payesh.ingest.workers.recorder.keyframes import Keyframes
from payesh.ingest.workers.recorder.limits import RecorderLimits
from payesh.ingest.workers.recorder.packets import timed_from_the_first
from payesh.ingest.workers.recorder.stream import LiveStream
from payesh.ingest.workers.recorder.writer import SegmentWriter, TimedFragment

_JUMP_S = 1.0
_HOLD_S = 3.0
"""A segment that came in one burst waits so long for the frames after it to show their rate."""


class Connection:
    """Usually one stream; more when frames are missing inside, when the camera's format changes,
    or when one has gone on for long.

    `assignment` is asked for at each stream and segment; `ending` before each packet;
    `on_streaming` is called when a stream begins, `on_waiting` for each packet that cannot be
    recorded for want of parameter sets, with the seconds since the connection was opened;
    `on_keyframe_interval` with the seconds between two keyframes, and while the next is awaited.
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
        on_waiting: Callable[[float], None],
        on_keyframe_interval: Callable[[float, bool], None],
    ) -> None:
        self._source = source
        self._writer = writer
        self._limits = limits
        self._assignment = assignment
        self._ending = ending
        self._on_streaming = on_streaming
        self._on_waiting = on_waiting
        self._on_keyframe_interval = on_keyframe_interval
        self._tick_s = source.tick_s
        self._repair = TimestampRepair(1 / self._tick_s)
        self._clock = CaptureClock(
            limit_s=limits.clock_limit_s,
            floor_u95_ms=limits.clock_u95_ms,
            unverified_u95_ms=limits.unverified_u95_ms,
        )
        self._rate = ArrivalRate()
        self._keyframes = Keyframes(source.video)
        self._decode_times = self._new_decode_times()
        self._zero_s: float | None = None
        self._stream: LiveStream | None = None
        self._end_pts = 0
        self._held: list[TimedFragment] = []
        self._held_since_s = 0.0

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
        keyframes, ending = self._keyframes, self._ending
        for packet, arrival_s in timed_from_the_first(self._source.packets(), self._source.video):
            if ending():
                return
            changed = packet.is_keyframe and keyframes.seen(packet)
            if changed:
                self._decode_times = self._new_decode_times()
            if keyframes.video is None:
                self._on_waiting(keyframes.waited_s)
                keyframes.require_soon(self._limits.parameter_sets_s)
                continue
            stamp = self._stamp(packet, arrival_s)
            if stamp is not None:
                self._record(packet, stamp, changed=changed)

    def _new_decode_times(self) -> DecodeTimes:
        video = self._keyframes.video
        depth = 0 if video is None else video.reorder_depth
        return DecodeTimes(depth, jump=_JUMP_S / self._tick_s)

    def _stamp(self, packet: Any, arrival_s: float) -> Stamp | None:
        repair, tick_s, pts = self._repair, self._tick_s, packet.pts
        # RTP has no decoding times: FFmpeg's guesses lack the first ones of a reordered stream.
        dts = None if pts is None else self._decode_times.of(pts, repair.step_ticks)
        stamp = repair.repair(pts, dts, arrival_s)
        if stamp is None:
            return None
        self._clock.observe(stamp.pts * tick_s, arrival_s)
        self._rate.observe(stamp.dts * tick_s, arrival_s)
        if packet.is_keyframe:
            self._zero_s = self._source.zero_s(
                packet, stamp.pts * tick_s, repair.shift_ticks * tick_s
            )
        return stamp

    def _record(self, packet: Any, stamp: Stamp, *, changed: bool) -> None:
        pts, keyframe = stamp.pts, packet.is_keyframe
        self._mark_interval(pts, keyframe=keyframe)
        if stamp.hole_s is not None and stamp.hole_s > self._limits.slowest_frame_s:
            self._finish()
        elif keyframe and (changed or self._outgrown()):
            self._end_pts = pts  # where the next stream begins: no time lies between them
            self._finish()
        stream = self._stream
        if stream is None:
            if not keyframe:
                return
            stream = self._begin()
        step = self._repair.step_ticks
        fragment = stream.add(packet, pts, stamp.dts, step=step, repaired=stamp.repaired)
        self._end_pts = max(self._end_pts, pts + step)
        if fragment is not None:
            self._held_since_s = time.monotonic()
            self._write(stream, fragment, last=False)
            if not self._held:  # another revision counts from the next segment on
                stream.assignment = self._assignment()
        elif self._held:
            self._release_measured(stream)

    def _mark_interval(self, pts: int, *, keyframe: bool) -> None:
        ticks = self._keyframes.interval_ticks(pts, keyframe=keyframe)
        if ticks is None:
            interval_s = 0.0 if keyframe else self._keyframes.waited_s
        else:
            interval_s = ticks * self._tick_s
        if (ticks is not None and keyframe) or interval_s > self._limits.longest_gop_s:
            self._on_keyframe_interval(interval_s, keyframe)

    def _outgrown(self) -> bool:
        """A stream's init part is stored once and expires with the bucket's first segments, so no
        stream may go on for so long that its late segments name one that is gone."""
        stream = self._stream
        return stream is not None and stream.age_s >= self._limits.longest_stream_s

    def _begin(self) -> LiveStream:
        video = self._keyframes.video
        assert video is not None  # noqa: S101 - packets before it are not recorded
        stream = self._stream = LiveStream(
            video,
            self._source.video.time_base,
            self._assignment(),
            self._limits.segment_s * 0.95,
        )
        self._end_pts = 0
        self._on_streaming()
        return stream

    def _finish(self) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        fragment = stream.finish(self._end_pts)
        if fragment is not None:
            self._write(stream, fragment, last=True)
        elif self._held:
            self._release(stream, last=True)

    def _write(self, stream: LiveStream, fragment: Fragment, *, last: bool) -> None:
        self._held.append(
            TimedFragment(
                fragment,
                self._clock.at(fragment.first_pts * self._tick_s, self._zero_s),
                max(0, fragment.end_pts - fragment.first_pts) * self._tick_s,
                clock_known=self._zero_s is not None,
            )
        )
        if last:
            self._release(stream, last=True)
        else:
            self._release_measured(stream)

    def _release_measured(self, stream: LiveStream) -> None:
        """Write what is held once the rate is known, or will not be known soon."""
        held_s = time.monotonic() - self._held_since_s
        if len(self._held) > 1 or held_s > _HOLD_S or self._is_settled():
            self._release(stream, last=False)

    def _is_settled(self) -> bool:
        """Whether the rate is known, and no stall may be on that would look like another one."""
        rate = self._rate.measured()
        if rate is None:
            return False
        return bool(rate.excess) or not any(self._growth(timed) for timed in self._held)

    def _growth(self, timed: TimedFragment) -> float:
        fragment = timed.fragment
        return self._rate.grows_over(
            fragment.first_pts * self._tick_s, fragment.end_pts * self._tick_s
        )

    def _release(self, stream: LiveStream, *, last: bool) -> None:
        held, self._held = self._held, []
        rate = self._rate.measured()
        steady = 0.0 if rate is None else rate.excess
        for number, timed in enumerate(held, start=1):
            excess = max(steady, self._growth(timed), key=abs)
            if excess:
                self._clock.forget()  # by such stamps the least wait of long ago is none of now
            self._writer.write(
                stream, replace(timed, rate_excess=excess), last=last and number == len(held)
            )
