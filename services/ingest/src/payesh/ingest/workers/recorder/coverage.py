"""The time of one camera that is accounted for: recorded, or known to be missing."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from payesh.contracts.event import deterministic_id
from payesh.contracts.vocabulary import GapReason
from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.spool import Spool, SpoolFull
from payesh.ingest.adapters.spool_records import Assignment, GapRecord, SegmentRecord

log = structlog.get_logger(__name__)

GAP_TOLERANCE = timedelta(milliseconds=150)
"""Shorter holes are a frame's jitter, not lost time."""


class Coverage:
    """Holds until when a camera's time is accounted for, and records what is missing as gaps.

    `reason` is why the time after that is missing; the recorder sets it.
    """

    def __init__(
        self, assignment: Assignment, spool: Spool, on_spooled: Callable[[str], None]
    ) -> None:
        self._camera_id = assignment.camera_id
        self._spool = spool
        self._on_spooled = on_spooled
        self._known_until = assignment.known_until
        self._last_stream_id = assignment.last_stream_id
        self._last_sequence = assignment.last_sequence
        self.reason = GapReason.WORKER_STOPPED

    def missing_s(self, now: datetime) -> float:
        return (now - self._known_until).total_seconds()

    def recorded(self, record: SegmentRecord) -> None:
        """Count a segment that is in the spool. The time after it is missing because the source was
        lost, unless the recorder sets another reason."""
        self._known_until = max(self._known_until, record.ended_at)
        self._last_stream_id, self._last_sequence = record.stream_id, record.sequence
        self.reason = GapReason.SOURCE_LOST

    def gap_until(self, until: datetime, place: Place) -> None:
        """Record the missing time up to `until`. Raises SpoolFull when the disk is full; the time
        is then still to be recorded."""
        started_at = self._known_until
        if until - started_at <= GAP_TOLERANCE:
            return
        gap = GapRecord(
            gap_id=deterministic_id("gap", self._camera_id, started_at.isoformat()),
            started_at=started_at,
            ended_at=until,
            reason=self.reason,
            last_stream_id=self._last_stream_id,
            last_sequence=self._last_sequence,
            **place.fields(),
        )
        self._spool.append(self._camera_id, gap)
        self._known_until = until
        self._on_spooled(self._camera_id)

    def try_gap_until(self, until: datetime, place: Place) -> None:
        """As `gap_until`; on a full disk the next occasion records it."""
        try:
            self.gap_until(until, place)
        except SpoolFull as full:
            log.warning("gap not recorded yet", camera_id=self._camera_id, detail=str(full))
