"""No vehicles: none for so long that the hour before would have brought thirty."""

from typing import Any

from payesh.detect.domain.health.condition import ConditionChange, changed
from payesh.detect.domain.moment import Moment

CONDITION = "no_vehicles"
EXPECTED = 30.0
"""Vehicles that the silence lacks. A road that empties at nightfall empties over hours, and its
hour before thins out with it; none of thirty that were to be expected is no chance."""
LEAST_SILENT_MINUTES = 10
LEAST_MINUTES, MOST_MINUTES = 30, 60
"""Before the silence, by which it is judged: a stream that is younger knows no usual traffic."""
_MINUTE_S = 60.0


class NoVehicles:
    """Passages by minutes of the stream's own time. A camera is compared with its own hour before,
    not with the same hour of other days: streams seldom live for days, and there are holidays."""

    def __init__(self) -> None:
        self.raised = False
        self._minutes: list[int] = []
        """The latest last; without the silence."""
        self._silent = 0
        self._passages = 0
        self._since_s: float | None = None
        """When the minute began that is not over."""

    def count(self) -> None:
        """A passage was published."""
        self._passages += 1

    def sample(self, now: Moment) -> list[ConditionChange]:
        """A frame came. Time without frames is neither silence nor traffic."""
        if self._since_s is None or not 0.0 <= now.time_s - self._since_s < 2 * _MINUTE_S:
            self._since_s, self._passages = now.time_s, 0
            return []
        if now.time_s - self._since_s < _MINUTE_S:
            return []
        self._since_s += _MINUTE_S
        if self._passages:
            self._minutes = [*self._minutes, *[0] * self._silent, self._passages][-MOST_MINUTES:]
            self._silent = self._passages = 0
        else:
            self._silent += 1
        return self._judge(now)

    def _judge(self, now: Moment) -> list[ConditionChange]:
        usual = sum(self._minutes) / max(len(self._minutes), 1)
        lacking = usual * self._silent
        known = len(self._minutes) >= LEAST_MINUTES and self._silent >= LEAST_SILENT_MINUTES
        bad = self._silent > 0 if self.raised else known and lacking >= EXPECTED
        found = changed(
            CONDITION, was=self.raised, bad=bad, at=now, value=lacking, threshold=EXPECTED
        )
        self.raised = bad
        return found

    def to_state(self) -> list[Any]:
        return [self.raised, self._minutes, self._silent, self._passages, self._since_s]

    @classmethod
    def from_state(cls, state: list[Any]) -> "NoVehicles":
        raised, minutes, silent, passages, since_s = state
        made = cls()
        made.raised, made._minutes = bool(raised), [int(each) for each in minutes]
        made._silent, made._passages = int(silent), int(passages)
        made._since_s = None if since_s is None else float(since_s)
        return made
