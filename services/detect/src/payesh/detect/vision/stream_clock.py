"""One stream's time: its presentation times, held against the source's clock."""

import math
from datetime import datetime, timedelta
from typing import Any, ClassVar

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.ingest import SegmentStored
from payesh.detect.domain.moment import Moment
from payesh.detect.ports import DecodedPart, Part

CLOCK_STEP_S = 0.5
"""Presentation times are trusted for differences until they leave the source's clock by this …"""
ANCHOR_FOR_S = 60.0
"""… within so long. A quartz drifts by milliseconds meanwhile: that is no step, and each segment
brings its own time."""

_STATED_TOLERANCE = 0.005
"""Of a segment's length, by which its two lengths may differ: the recorder has taken out what the
network's jitter makes …"""
_FOUND_TOLERANCE_S = 0.04
"""… but where it did not state the length by presentation, a frame more or less is jitter."""


def time_scale_u95(segment: SegmentStored, part: DecodedPart) -> float:
    """How far wrong times of the segment may be that are measured by presentation, as a share of
    them: what its length by presentation times and its length by the source's clock differ by. 0
    where they agree: then nothing speaks against the stamps."""
    clock_s = segment.duration_ms / 1000
    if segment.presented_ms is not None:
        presented_s = segment.presented_ms / 1000
        tolerance_s = _STATED_TOLERANCE * presented_s + 0.001
    else:  # frames that are stored in the next segment may be shown in this one
        presented_s = part.length_s
        tolerance_s = max(_FOUND_TOLERANCE_S, 0.01 * presented_s) + part.reorder_s
    difference_s = abs(clock_s - presented_s)
    if difference_s <= tolerance_s:
        return 0.0
    return difference_s / max(min(clock_s, presented_s), 0.001)


def looked_at_hz(segment: SegmentStored, revision: CameraRevision) -> float:
    """Frames a second of the segment that are looked at."""
    rate_hz = 1000.0 * segment.frame_count / segment.duration_ms if segment.duration_ms else 25.0
    return rate_hz / revision.detection.frame_stride


class StreamClock:
    """Gives each frame its moment. Differences are presentation time's; a moment by the source's
    clock is the segment's own time, whose uncertainty the segment states."""

    part_name: ClassVar[str] = "clock"
    part_version: ClassVar[int] = 2

    def __init__(self) -> None:
        self.last_time_s = -math.inf
        self.now: Moment | None = None
        """The last frame's."""
        self._anchor: tuple[float, datetime] | None = None
        """A recent segment's first frame, by presentation time and by the source's clock."""
        self._segment: tuple[float, datetime] | None = None
        self.time_scale_u95 = 0.0
        """How far differences of time may be wrong in the segment, as a share of them."""

    def steps_at(self, captured_at: datetime, presented_s: float) -> bool:
        """Whether the source's clock has left the presentation times at a segment that begins
        then."""
        if self._anchor is None:
            return False
        anchor_s, anchored_at = self._anchor
        clock_s = (captured_at - anchored_at).total_seconds()
        return abs(presented_s - anchor_s - clock_s) > CLOCK_STEP_S

    def goes_back(self, presented_s: float) -> bool:
        """Whether presentation time itself goes back at a segment that begins then."""
        return presented_s <= self.last_time_s

    def begin_segment(self, segment: SegmentStored, part: DecodedPart) -> None:
        """The frames of a segment come from now on."""
        captured_at, presented_s = segment.captured_at, part.begins_s
        self.time_scale_u95 = time_scale_u95(segment, part)
        stepped = self.steps_at(captured_at, presented_s)
        if stepped and self.goes_back(presented_s):
            self.last_time_s = -math.inf  # its frames are not taken for repeated ones
        if self._anchor is None or stepped or presented_s - self._anchor[0] >= ANCHOR_FOR_S:
            self._anchor = presented_s, captured_at
        self._segment = presented_s, captured_at

    def moment(self, presented_s: float) -> Moment | None:
        """The moment of the next frame; None for a frame that is not later than the last one."""
        if self._segment is None or presented_s <= self.last_time_s:
            return None
        self.last_time_s = presented_s
        begun_s, begun_at = self._segment
        since = timedelta(seconds=round(presented_s - begun_s, 6))
        self.now = Moment(presented_s, begun_at + since)
        return self.now

    def memory(self) -> Part:
        state = {
            "last_time_s": self.last_time_s,
            "now": self.now and [self.now.time_s, self.now.at.isoformat()],
            "anchor": self._anchor and [self._anchor[0], self._anchor[1].isoformat()],
            "segment": self._segment and [self._segment[0], self._segment[1].isoformat()],
            "time_scale_u95": self.time_scale_u95,
        }
        return Part(self.part_name, self.part_version, state)

    def recall(self, part: Part) -> None:
        now, anchor = _pair(part.state["now"]), _pair(part.state["anchor"])
        segment = _pair(part.state["segment"])
        scale_u95 = float(part.state["time_scale_u95"])
        self.last_time_s, self.time_scale_u95 = float(part.state["last_time_s"]), scale_u95
        self.now = now and Moment(*now)
        self._anchor, self._segment = anchor, segment


def _pair(state: list[Any] | None) -> tuple[float, datetime] | None:
    return (float(state[0]), datetime.fromisoformat(state[1])) if state else None
