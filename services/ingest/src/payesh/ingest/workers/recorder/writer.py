"""Writes one camera's segments to the spool, and all that goes with a segment."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from payesh.contracts.values import ClockSource
from payesh.ingest import metrics
from payesh.ingest.adapters.remuxer import Fragment
from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import Assignment
from payesh.ingest.domain.arrival_rate import TOLERANCE
from payesh.ingest.domain.capture_clock import CaptureTime
from payesh.ingest.handlers.segments import RecordedUnder, SegmentTime
from payesh.ingest.workers.recorder.conditions import Conditions
from payesh.ingest.workers.recorder.coverage import Coverage
from payesh.ingest.workers.recorder.limits import RecorderCallbacks, RecorderLimits
from payesh.ingest.workers.recorder.stream import LiveStream

_CLOCK_PATIENCE_S = 10.0
"""A first sender report may take five seconds: its absence is not yet a fault."""


@dataclass(frozen=True, slots=True)
class TimedFragment:
    """A fragment, when it was captured, and its length by presentation times.

    `rate_excess`: by how much more time passed on our clock than was presented, as a share of it.
    `clock_known`: the source has announced its time.
    """

    fragment: Fragment
    captured: CaptureTime
    presented_s: float
    clock_known: bool
    rate_excess: float = 0.0

    @property
    def length_s(self) -> float:
        """By the capture clock."""
        return self.presented_s * (1 + self.rate_excess)

    @property
    def u95_ms(self) -> float:
        """Of the frames' times: where the two lengths differ they are known no better."""
        return self.captured.u95_ms + abs(self.length_s - self.presented_s) * 1000


class SegmentWriter:
    """Outlives connections: it holds the camera's last link, which the next stream names."""

    def __init__(
        self,
        assignment: Assignment,
        spool: Spool,
        limits: RecorderLimits,
        callbacks: RecorderCallbacks,
        coverage: Coverage,
        conditions: Conditions,
        *,
        on_written: Callable[[], None],
    ) -> None:
        self._camera_id = assignment.camera_id
        self._spool = spool
        self._limits = limits
        self._callbacks = callbacks
        self._coverage = coverage
        self._conditions = conditions
        self._on_written = on_written
        self._last_link_sha256 = assignment.last_link_sha256
        self._next_inspection_s = 0.0

    def write(
        self,
        stream: LiveStream,
        timed: TimedFragment,
        *,
        last: bool,
    ) -> None:
        """Spool one segment, before a stream's first one the gap and the init part.

        Raises SpoolFull: the stream must then end where it is, so that its numbers stay gapless.
        """
        fragment, captured = timed.fragment, timed.captured
        assignment, place = stream.assignment, stream.assignment.place
        chain = stream.chain
        if chain is None:
            self._coverage.gap_until(captured.captured_at, place)
            self._spool.put_init(self._camera_id, stream.stream_id, stream.init)
            chain = stream.begin_chain(self._last_link_sha256)
        record = chain.link(
            fragment,
            SegmentTime(
                captured.captured_at,
                timed.length_s,
                ClockSource.RTCP if captured.verified else ClockSource.UNVERIFIED,
                round(timed.u95_ms, 3),
                timed.presented_s,
            ),
            RecordedUnder(assignment.revision, place, assignment.token),
            last=last,
        )
        self._spool.append(self._camera_id, record, fragment.media)
        chain.advance(record)
        self._last_link_sha256 = record.link_sha256
        self._coverage.recorded(record)
        self._conditions.segment_recorded(place)
        self._conditions.picture_judged(record.video, assignment.picture_px, place)
        metrics.spooled.inc()
        self._on_written()
        self._callbacks.on_spooled(self._camera_id)
        if timed.rate_excess:
            self._conditions.rate_differs(timed.rate_excess, TOLERANCE, place)
        elif timed.clock_known or stream.age_s > _CLOCK_PATIENCE_S:
            self._conditions.clock_judged(captured, self._limits.clock_limit_s, place)
        now_s = time.monotonic()
        if fragment.keyframe_first and now_s >= self._next_inspection_s:
            self._next_inspection_s = now_s + self._limits.inspect_every_s
            self._callbacks.inspect_fragment(self._camera_id, place, stream.init, fragment.media)
