"""The thread that keeps one camera recorded: connect, record, wait, connect again."""

import random
import threading
import time
from datetime import UTC, datetime

import structlog

from payesh.contracts.vocabulary import GapReason, HealthCondition
from payesh.ingest import metrics
from payesh.ingest.adapters.rtsp import NoParameterSets, SourceFailure
from payesh.ingest.adapters.spool import Spool, SpoolFull
from payesh.ingest.adapters.spool_records import Assignment
from payesh.ingest.domain.backoff import Backoff
from payesh.ingest.workers.recorder.conditions import Conditions
from payesh.ingest.workers.recorder.connection import Connection
from payesh.ingest.workers.recorder.coverage import Coverage
from payesh.ingest.workers.recorder.limits import RecorderCallbacks, RecorderLimits
from payesh.ingest.workers.recorder.writer import SegmentWriter

log = structlog.get_logger(__name__)

_TICK_S = 1.0


class Recorder(threading.Thread):
    """Records until `stop`. Its chain goes on through lost connections."""

    def __init__(
        self,
        assignment: Assignment,
        spool: Spool,
        limits: RecorderLimits,
        callbacks: RecorderCallbacks,
    ) -> None:
        super().__init__(name=f"recorder-{assignment.camera_id}", daemon=True)
        self.camera_id = assignment.camera_id
        self._assignment = assignment
        self._spool = spool
        self._limits = limits
        self._callbacks = callbacks
        self._stopping = threading.Event()
        self._reconnect = threading.Event()
        self._backoff = Backoff()
        self._refused = Backoff(first_s=120.0, longest_s=900.0)
        self._room = Backoff(longest_s=5.0)
        self._coverage = Coverage(assignment, spool, callbacks.on_spooled)
        self._conditions = Conditions(assignment, spool, callbacks.on_spooled)
        self._writer = SegmentWriter(
            assignment,
            spool,
            limits,
            callbacks,
            self._coverage,
            self._conditions,
            on_written=self._room.succeeded,
        )

    @property
    def token(self) -> int:
        return self._assignment.token

    def reassign(self, assignment: Assignment) -> bool:
        """Go on under another assignment; True when it differs. A new revision counts from the
        next segment; a new source or token from a new stream."""
        former, self._assignment = self._assignment, assignment
        if (former.source, former.token) != (assignment.source, assignment.token):
            self._reconnect.set()
            return True
        return (former.revision, former.raised) != (assignment.revision, assignment.raised)

    def stop(self) -> None:
        """Ends within the read timeout, usually at the next frame; the last segment is kept."""
        self._stopping.set()
        self._reconnect.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            self._reconnect.clear()
            try:
                self._record()
                self._coverage.reason = GapReason.SOURCE_LOST
            except SpoolFull as full:
                log.warning("spool full", camera_id=self.camera_id, detail=str(full))
                self._coverage.reason = GapReason.SPOOL_FULL
                self._wait_for_room()
            except SourceFailure as failure:
                self._source_lost(failure)
            except Exception:  # a thread that ended would lose its camera unnoticed
                self._coverage.reason = GapReason.SOURCE_LOST
                log.exception("recorder failed", camera_id=self.camera_id)
                self._stopping.wait(self._backoff.failed(random.random()))  # noqa: S311

    def _record(self) -> None:
        with self._callbacks.open_source(self._assignment.source) as source:
            Connection(
                source,
                self._writer,
                self._limits,
                assignment=lambda: self._assignment,
                ending=lambda: self._stopping.is_set() or self._reconnect.is_set(),
                on_streaming=self._on_streaming,
                on_waiting=self._on_waiting,
                on_keyframe_interval=self._on_keyframe_interval,
            ).run()

    def _on_streaming(self) -> None:
        self._backoff.succeeded()
        self._refused.succeeded()
        self._conditions.frames_arrive(self._assignment.place)

    def _on_waiting(self, waited_s: float) -> None:
        if waited_s >= self._limits.offline_after_s:
            self._conditions.parameter_sets_awaited(
                waited_s, self._limits.offline_after_s, self._assignment.place
            )

    def _on_keyframe_interval(self, interval_s: float, ended: bool) -> None:
        self._conditions.keyframes_judged(
            interval_s, self._limits.longest_gop_s, self._assignment.place, ended=ended
        )

    def _source_lost(self, failure: SourceFailure) -> None:
        self._coverage.reason = GapReason.SOURCE_LOST
        metrics.reconnects.inc()
        if isinstance(failure, NoParameterSets):  # the camera answers: waiting longer serves nobody
            self._backoff.succeeded()
        # A camera locks an account, for others too, after a few passwords that it refuses.
        refused = failure.condition == HealthCondition.ACCESS_DENIED
        backoff = self._refused if refused else self._backoff
        wait_s = backoff.failed(random.random())  # noqa: S311 - spreads retries
        log.warning(
            "source lost",
            camera_id=self.camera_id,
            reason=str(failure),
            retry_in_s=round(wait_s, 1),
        )
        self._lost_for(failure, wait_s)

    def _lost_for(self, failure: SourceFailure, wait_s: float) -> None:
        """Wait, at most until the source is changed, and tell how long it is lost meanwhile."""
        until_s = time.monotonic() + wait_s
        while True:
            place = self._assignment.place
            self._conditions.source_lost(failure, self._limits.offline_after_s, place)
            self._account_until_now()
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return
            if self._reconnect.wait(min(left_s, _TICK_S)):
                self._refused.succeeded()
                return

    def _wait_for_room(self) -> None:
        while not self._stopping.wait(self._room.failed(random.random())):  # noqa: S311
            self._account_until_now(at_once=self._spool.disk_refuses)
            if self._spool.has_room:
                return

    def _account_until_now(self, *, at_once: bool = False) -> None:
        """Record a long outage in pieces, so that its length is known while it lasts."""
        now = datetime.now(UTC)
        if at_once or self._coverage.missing_s(now) >= self._limits.gap_piece_s:
            self._coverage.try_gap_until(now, self._assignment.place)
