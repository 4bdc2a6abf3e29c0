"""One stream's time: its presentation times, held against the source's clock."""

import math
from datetime import datetime, timedelta
from typing import Any, ClassVar

from payesh.detect.domain.moment import Moment
from payesh.detect.ports import Part

CLOCK_STEP_S = 0.5
"""Presentation times are trusted for differences until they leave the source's clock by this …"""
ANCHOR_FOR_S = 60.0
"""… within so long. A quartz drifts by milliseconds meanwhile: that is no step, and each segment
brings its own time."""


class StreamClock:
    """Gives each frame its moment. Differences are presentation time's; a moment by the source's
    clock is the segment's own time, whose uncertainty the segment states."""

    part_name: ClassVar[str] = "clock"
    part_version: ClassVar[int] = 1

    def __init__(self) -> None:
        self.last_time_s = -math.inf
        self.now: Moment | None = None
        """The last frame's."""
        self._anchor: tuple[float, datetime] | None = None
        """A recent segment's first frame, by presentation time and by the source's clock."""
        self._segment: tuple[float, datetime] | None = None

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

    def begin_segment(self, captured_at: datetime, presented_s: float) -> None:
        """A segment begins, whose first frame has these times."""
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
        }
        return Part(self.part_name, self.part_version, state)

    def recall(self, part: Part) -> None:
        now, anchor = _pair(part.state["now"]), _pair(part.state["anchor"])
        self.last_time_s = float(part.state["last_time_s"])
        self.now = now and Moment(*now)
        self._anchor = anchor


def _pair(state: list[Any] | None) -> tuple[float, datetime] | None:
    return (float(state[0]), datetime.fromisoformat(state[1])) if state else None
