"""Writes one camera's segments to the spool, and all that goes with a segment."""

import time
from collections.abc import Callable

from payesh.contracts.values import ClockSource
from payesh.ingest import metrics
from payesh.ingest.adapters.remuxer import Fragment
from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import Assignment
from payesh.ingest.domain.capture_clock import CaptureTime
from payesh.ingest.handlers.segments import RecordedUnder, SegmentTime
from payesh.ingest.workers.recorder.conditions import Conditions
from payesh.ingest.workers.recorder.coverage import Coverage
from payesh.ingest.workers.recorder.limits import RecorderCallbacks, RecorderLimits
from payesh.ingest.workers.recorder.stream import LiveStream

_CLOCK_PATIENCE_S = 10.0
"""A first sender report may take five seconds: its absence is not yet a fault."""


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
        fragment: Fragment,
        captured: CaptureTime,
        length_s: float,
        *,
        clock_known: bool,
        last: bool,
    ) -> None:
        """Spool one segment, before a stream's first one the gap and the init part.

        `clock_known`: the source has announced its time. Raises SpoolFull: the stream must then
        end where it is, so that its numbers stay gapless.
        """
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
                length_s,
                ClockSource.RTCP if captured.verified else ClockSource.UNVERIFIED,
                round(captured.u95_ms, 3),
            ),
            RecordedUnder(assignment.revision, place, assignment.token),
            last=last,
        )
        self._spool.append(self._camera_id, record, fragment.media)
        chain.advance(record)
        self._last_link_sha256 = record.link_sha256
        self._coverage.recorded(record)
        self._conditions.segment_recorded(place)
        metrics.spooled.inc()
        self._on_written()
        self._callbacks.on_spooled(self._camera_id)
        if clock_known or stream.age_s > _CLOCK_PATIENCE_S:
            self._conditions.clock_judged(captured, self._limits.clock_limit_s, place)
        now_s = time.monotonic()
        if now_s >= self._next_inspection_s:
            self._next_inspection_s = now_s + self._limits.inspect_every_s
            self._callbacks.inspect_fragment(self._camera_id, place, stream.init, fragment.media)
