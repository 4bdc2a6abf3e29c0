"""The vehicles of one lane in an interval: their speeds, and the time from one to the next."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil
from typing import Any

from payesh.detect.domain.lane_looks import LaneLooks

P85 = 0.85


@dataclass(frozen=True, slots=True)
class LaneCount:
    """A lane in one interval; None for what was not measured."""

    lane: str | None
    vehicles: int
    mean_speed_kmh: float | None
    p85_speed_kmh: float | None
    mean_headway_s: float | None
    occupancy: float | None = None
    queue_vehicles: int | None = None
    queue_m: float | None = None


@dataclass(slots=True)
class LaneTally:
    """What passed since the interval began, and when the last vehicle before it passed."""

    vehicles: int = 0
    speeds_kmh: list[float] = field(default_factory=list)
    headways_s: list[float] = field(default_factory=list)
    last_at: datetime | None = None

    def add(self, at: datetime, speed_kmh: float | None) -> None:
        """A vehicle passed at a moment; passages may be decided in another order than they were."""
        self.vehicles += 1
        if speed_kmh is not None:
            self.speeds_kmh.append(speed_kmh)
        if self.last_at is not None:
            self.headways_s.append(abs((at - self.last_at).total_seconds()))
        self.last_at = at if self.last_at is None else max(at, self.last_at)

    def take(self, lane: str | None, looks: LaneLooks | None = None) -> LaneCount:
        """The interval's figures, with what its frames show where the lane was looked at; the next
        one begins with the headway to its first vehicle."""
        found = LaneCount(
            lane,
            self.vehicles,
            _mean(self.speeds_kmh),
            percentile(self.speeds_kmh, P85),
            _mean(self.headways_s),
        )
        if looks is not None:
            queue_m = None if looks.queue_m is None else round(looks.queue_m, 1)
            found = replace(
                found,
                occupancy=looks.occupancy,
                queue_vehicles=looks.queue_vehicles,
                queue_m=queue_m,
            )
        self.vehicles, self.speeds_kmh, self.headways_s = 0, [], []
        return found

    def to_state(self) -> list[Any]:
        last_at = self.last_at.isoformat() if self.last_at is not None else None
        return [self.vehicles, self.speeds_kmh, self.headways_s, last_at]

    @classmethod
    def from_state(cls, state: list[Any]) -> "LaneTally":
        vehicles, speeds_kmh, headways_s, last_at = state
        return cls(
            int(vehicles),
            [float(each) for each in speeds_kmh],
            [float(each) for each in headways_s],
            datetime.fromisoformat(last_at) if last_at is not None else None,
        )


def percentile(values: list[float], share: float) -> float | None:
    """The least value that so large a share does not exceed (nearest rank); None of none.

    >>> percentile([50.0, 60.0, 70.0, 80.0], 0.85)
    80.0
    """
    if not values:
        return None
    return round(sorted(values)[ceil(share * len(values)) - 1], 2)


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), 2) if values else None
