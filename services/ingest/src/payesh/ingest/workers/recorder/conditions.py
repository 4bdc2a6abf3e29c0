"""The health conditions that recording itself notices, each with the reason for it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from payesh.contracts.ingest import PictureSize
from payesh.contracts.vocabulary import HealthCondition, HealthReason
from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.rtsp import SourceFailure
from payesh.ingest.adapters.spool import Spool, SpoolFull
from payesh.ingest.adapters.spool_records import Assignment, HealthRecord, RecordedVideo
from payesh.ingest.domain.capture_clock import CaptureTime

log = structlog.get_logger(__name__)

_CAUSES = (
    HealthCondition.ACCESS_DENIED,
    HealthCondition.CODEC_REFUSED,
    HealthCondition.NO_PARAMETER_SETS,
)
"""Why a camera is not recorded, where that has a condition of its own."""


class Conditions:
    """Raises and clears one camera's conditions; each change is spooled once, and a condition that
    is raised for another reason than before once more."""

    def __init__(
        self, assignment: Assignment, spool: Spool, on_spooled: Callable[[str], None]
    ) -> None:
        self._camera_id = assignment.camera_id
        self._spool = spool
        self._on_spooled = on_spooled
        # The reasons of those raised before are not known: the first one that is found is theirs.
        self._raised: dict[str, str | None] = dict.fromkeys(assignment.raised)
        self._last_segment_s = time.monotonic()

    def frames_arrive(self, place: Place) -> None:
        for condition in (HealthCondition.OFFLINE, HealthCondition.NO_FRAMES, *_CAUSES):
            self._clear(condition, None, None, place)

    def segment_recorded(self, place: Place) -> None:
        self._last_segment_s = time.monotonic()
        self.frames_arrive(place)

    def source_lost(self, failure: SourceFailure, offline_after_s: float, place: Place) -> None:
        """Raise the failure's own condition at once, and that the camera is not recorded when that
        has been so for `offline_after_s`."""
        silent_s = time.monotonic() - self._last_segment_s
        for cause in _CAUSES:
            if cause == failure.condition:
                self._raise(cause, failure.reason, None, None, place)
            else:
                self._clear(cause, None, None, place)
        if silent_s < offline_after_s:
            return
        condition = HealthCondition.NO_FRAMES if failure.connected else HealthCondition.OFFLINE
        self._raise(condition, failure.reason, silent_s, offline_after_s, place)

    def parameter_sets_awaited(self, waited_s: float, threshold_s: float, place: Place) -> None:
        """Frames come that cannot be recorded without parameter sets."""
        self._raise(
            HealthCondition.NO_PARAMETER_SETS,
            HealthReason.PARAMETER_SETS_MISSING,
            waited_s,
            threshold_s,
            place,
        )

    def keyframes_judged(
        self, interval_s: float, longest_s: float, place: Place, *, ended: bool
    ) -> None:
        """Judge the time between two keyframes, or since the last one when it has not `ended`."""
        condition = HealthCondition.GOP_TOO_LONG
        if interval_s > longest_s:
            self._raise(
                condition, HealthReason.KEYFRAMES_RARE, round(interval_s, 3), longest_s, place
            )
        elif ended:
            self._clear(condition, round(interval_s, 3), longest_s, place)

    def picture_judged(
        self, video: RecordedVideo, expected: PictureSize | None, place: Place
    ) -> None:
        """Compare the picture's size with the one that the revision is for."""
        found = PictureSize(width_px=video.width_px, height_px=video.height_px)
        condition = HealthCondition.PICTURE_SIZE
        if expected is None or found == expected:
            self._clear(condition, None, None, place)
        else:
            reason = HealthReason.SIZE_CHANGED
            self._raise(condition, reason, None, None, place, found=found, expected=expected)

    def clock_judged(self, captured: CaptureTime, limit_s: float, place: Place) -> None:
        offset_s = None if captured.offset_s is None else round(captured.offset_s, 3)
        if captured.verified:
            self._clear(HealthCondition.CLOCK_OFF, offset_s, limit_s, place)
        else:
            reason = HealthReason.CLOCK_DIFFERS
            self._raise(HealthCondition.CLOCK_OFF, reason, offset_s, limit_s, place)

    def rate_differs(self, excess: float, tolerance: float, place: Place) -> None:
        """Frames arrive at another rate than their timestamps claim; see MeasuredRate."""
        reason = HealthReason.RATE_DIFFERS
        self._raise(HealthCondition.CLOCK_OFF, reason, round(excess, 4), tolerance, place)

    def _raise(
        self,
        condition: HealthCondition,
        reason: HealthReason,
        value: float | None,
        threshold: float | None,
        place: Place,
        *,
        found: PictureSize | None = None,
        expected: PictureSize | None = None,
    ) -> None:
        if condition in self._raised and self._raised[condition] in (None, reason):
            self._raised[condition] = reason
            return
        change = HealthRecord(
            condition=condition,
            raised=True,
            changed_at=datetime.now(UTC),
            value=value,
            threshold=threshold,
            reason=reason,
            found_px=found,
            expected_px=expected,
            **place.fields(),
        )
        if self._spooled(change):
            self._raised[condition] = reason

    def _clear(
        self,
        condition: HealthCondition,
        value: float | None,
        threshold: float | None,
        place: Place,
    ) -> None:
        if condition not in self._raised:
            return
        change = HealthRecord(
            condition=condition,
            raised=False,
            changed_at=datetime.now(UTC),
            value=value,
            threshold=threshold,
            **place.fields(),
        )
        if self._spooled(change):
            del self._raised[condition]

    def _spooled(self, change: HealthRecord) -> bool:
        try:
            self._spool.append(self._camera_id, change)
        except SpoolFull as full:  # not published yet: the next occasion tries again
            log.warning("health not recorded yet", camera_id=self._camera_id, detail=str(full))
            return False
        self._on_spooled(self._camera_id)
        return True
