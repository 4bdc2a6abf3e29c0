"""When a frame was captured: the source's clock, believed only while it agrees with ours."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WINDOW_S = 300.0
"""Long enough to hold a packet that hardly waited; in two of them a poor quartz (100 ppm) drifts
by 60 ms, less than the least uncertainty."""


@dataclass(frozen=True, slots=True)
class CaptureTime:
    """A moment of capture. `verified` is false when the source announced no time, or one too far
    from ours."""

    captured_at: datetime
    verified: bool
    u95_ms: float
    offset_s: float | None


class CaptureClock:
    """One connection to a source.

    Media time zero on our clock is estimated by the smallest difference of arrival and media time
    (the packet that waited least) of the last one or two windows: the source's media clock runs
    slower or faster than ours, and the smallest of hours would drift away from it. The source's own
    comes in RTCP sender reports (RFC 3550, 6.4.1). They may differ by `limit_s`; the difference
    becomes the uncertainty, at least `floor_u95_ms`, since latency looks like a clock that is late.
    """

    def __init__(self, *, limit_s: float, floor_u95_ms: float, unverified_u95_ms: float) -> None:
        self._limit_s = limit_s
        self._floor_u95_ms = floor_u95_ms
        self._unverified_u95_ms = unverified_u95_ms
        self._window_from_s = -math.inf
        self._former_s = math.inf
        self._least_s = math.inf

    def observe(self, media_s: float, arrival_s: float) -> None:
        if media_s - self._window_from_s >= WINDOW_S:
            self._window_from_s = media_s
            self._former_s, self._least_s = self._least_s, math.inf
        self._least_s = min(self._least_s, arrival_s - media_s)

    def forget(self) -> None:
        """Estimate anew from the next packet on, for a source whose timestamps do not count
        seconds."""
        self._former_s = self._least_s = math.inf
        self._window_from_s = -math.inf

    def at(self, media_s: float, source_zero_s: float | None) -> CaptureTime:
        """`source_zero_s` is media time zero by the source, in seconds since 1970, or None."""
        least_s = min(self._former_s, self._least_s)
        ours_s = least_s if least_s < math.inf else 0.0
        if source_zero_s is not None:
            offset_s = ours_s - source_zero_s
            if abs(offset_s) <= self._limit_s:
                u95_ms = max(self._floor_u95_ms, abs(offset_s) * 1000)
                return CaptureTime(_moment(source_zero_s + media_s), True, u95_ms, offset_s)
            return CaptureTime(_moment(ours_s + media_s), False, self._unverified_u95_ms, offset_s)
        return CaptureTime(_moment(ours_s + media_s), False, self._unverified_u95_ms, None)


def _moment(seconds: float) -> datetime:
    return _EPOCH + timedelta(microseconds=round(seconds * 1e6))
