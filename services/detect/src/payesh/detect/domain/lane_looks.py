"""What the frames of an interval show of one lane: its occupancy and its longest queue."""

from dataclasses import dataclass
from typing import Any

from payesh.detect.domain.lane_view import LaneView

LONGEST_STEP_S = 1.0
"""From one frame to the next. In a longer gap nothing was seen: it counts as not watched."""


@dataclass(slots=True)
class LaneLooks:
    """Each frame stands for the time since the one before."""

    watched_s: float = 0.0
    covered_s: float = 0.0
    queue_vehicles: int = 0
    queue_m: float | None = None

    def add(self, view: LaneView, step_s: float) -> None:
        """A further frame, so long after the one before."""
        self.watched_s += step_s
        if view.covered:
            self.covered_s += step_s
        self.queue_vehicles = max(self.queue_vehicles, len(view.queue.vehicles))
        if view.queue.length_m is not None:
            self.queue_m = max(self.queue_m or 0.0, view.queue.length_m)

    @property
    def occupancy(self) -> float:
        """The share of the watched time in which a vehicle covered the lane's measuring place."""
        return round(min(self.covered_s / self.watched_s, 1.0), 4)

    def to_state(self) -> list[Any]:
        return [self.watched_s, self.covered_s, self.queue_vehicles, self.queue_m]

    @classmethod
    def from_state(cls, state: list[Any]) -> "LaneLooks":
        watched_s, covered_s, vehicles, metres = state
        queue_m = None if metres is None else float(metres)
        return cls(float(watched_s), float(covered_s), int(vehicles), queue_m)
