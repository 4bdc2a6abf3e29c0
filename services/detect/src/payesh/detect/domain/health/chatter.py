"""Chatter: boxes that flicker, by far more than vehicles that pass."""

from typing import Any

from payesh.detect.domain.health.condition import ConditionChange, changed
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.trajectory import Trajectory

CONDITION = "chatter"
WINDOW_S = 600.0
SHORT_S = 1.0
"""Who passes is in sight for longer; a box that comes and goes is rain, a shadow or a lamp."""
LEAST_TRACKS = 60
TIMES_PASSAGES = 10.0
_CLEARED_SHARE = 0.5


class Chatter:
    """Tracks that ended within a second and led to no passage, and passages, in windows of ten
    minutes of the stream's own time."""

    def __init__(self) -> None:
        self.raised = False
        self._short = 0
        self._passages = 0
        self._since_s: float | None = None

    def count(self) -> None:
        """A passage was published."""
        self._passages += 1

    def lost(self, trajectory: Trajectory) -> None:
        """A vehicle that led to no passage is followed no longer."""
        if trajectory.last.time_s - trajectory.first.time_s < SHORT_S:
            self._short += 1

    def sample(self, now: Moment) -> list[ConditionChange]:
        """A frame came."""
        if self._since_s is None or not 0.0 <= now.time_s - self._since_s < 2 * WINDOW_S:
            self._begin(now.time_s)
            return []
        if now.time_s - self._since_s < WINDOW_S:
            return []
        most = max(float(LEAST_TRACKS), TIMES_PASSAGES * self._passages)
        bad = self._short >= most * (_CLEARED_SHARE if self.raised else 1.0)
        found = changed(
            CONDITION, was=self.raised, bad=bad, at=now, value=self._short, threshold=most
        )
        self.raised = bad
        self._begin(now.time_s)
        return found

    def _begin(self, time_s: float) -> None:
        self._since_s, self._short, self._passages = time_s, 0, 0

    def to_state(self) -> list[Any]:
        return [self.raised, self._short, self._passages, self._since_s]

    @classmethod
    def from_state(cls, state: list[Any]) -> "Chatter":
        raised, short, passages, since_s = state
        made = cls()
        made.raised, made._short, made._passages = bool(raised), int(short), int(passages)
        made._since_s = None if since_s is None else float(since_s)
        return made
