"""The health conditions that recording itself notices: no source, no frames, a wrong clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from payesh.contracts.vocabulary import HealthCondition
from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.rtsp import (
    SourceEnded,
    SourceFailure,
    SourceSilent,
    SourceUnreachable,
)
from payesh.ingest.adapters.spool import Spool, SpoolFull
from payesh.ingest.adapters.spool_records import Assignment, HealthRecord
from payesh.ingest.domain.capture_clock import CaptureTime

log = structlog.get_logger(__name__)


class Conditions:
    """Raises and clears one camera's conditions; each change is spooled once."""

    def __init__(
        self, assignment: Assignment, spool: Spool, on_spooled: Callable[[str], None]
    ) -> None:
        self._camera_id = assignment.camera_id
        self._spool = spool
        self._on_spooled = on_spooled
        self._raised = set(assignment.raised)
        self._last_segment_s = time.monotonic()

    def frames_arrive(self, place: Place) -> None:
        self._change(HealthCondition.OFFLINE, False, None, None, place)
        self._change(HealthCondition.NO_FRAMES, False, None, None, place)

    def segment_recorded(self, place: Place) -> None:
        self._last_segment_s = time.monotonic()
        self.frames_arrive(place)

    def source_lost(self, failure: SourceFailure, offline_after_s: float, place: Place) -> None:
        """Raise a condition when nothing has been recorded for `offline_after_s`."""
        silent_s = time.monotonic() - self._last_segment_s
        if silent_s < offline_after_s:
            return
        connected = isinstance(failure, SourceSilent) or not isinstance(
            failure, SourceUnreachable | SourceEnded
        )
        condition = HealthCondition.NO_FRAMES if connected else HealthCondition.OFFLINE
        self._change(condition, True, silent_s, offline_after_s, place)

    def clock_judged(self, captured: CaptureTime, limit_s: float, place: Place) -> None:
        offset_s = None if captured.offset_s is None else round(captured.offset_s, 3)
        self._change(HealthCondition.CLOCK_OFF, not captured.verified, offset_s, limit_s, place)

    def _change(
        self,
        condition: HealthCondition,
        raised: bool,
        value: float | None,
        threshold: float | None,
        place: Place,
    ) -> None:
        if (condition in self._raised) == raised:
            return
        change = HealthRecord(
            condition=condition,
            raised=raised,
            changed_at=datetime.now(UTC),
            value=value,
            threshold=threshold,
            **place.fields(),
        )
        try:
            self._spool.append(self._camera_id, change)
        except SpoolFull as full:  # not published yet: the next occasion tries again
            log.warning("health not recorded yet", camera_id=self._camera_id, detail=str(full))
            return
        (self._raised.add if raised else self._raised.discard)(condition)
        self._on_spooled(self._camera_id)
