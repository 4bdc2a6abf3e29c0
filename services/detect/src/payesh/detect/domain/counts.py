"""How many vehicles passed in each minute of a stream, by lane and class."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Count:
    lane: str | None
    vehicle_class: str
    vehicles: int
    mean_speed_kmh: float | None


@dataclass(frozen=True, slots=True)
class CountedInterval:
    """What passed from `started_at` up to, not including, `ended_at`."""

    started_at: datetime
    ended_at: datetime
    counts: tuple[Count, ...]


@dataclass(slots=True)
class _Tally:
    vehicles: int = 0
    speeds: int = 0
    speed_sum_kmh: float = 0.0


@dataclass(slots=True)
class MinuteCounter:
    """Counts along a stream's own time; minutes are whole minutes of the source's clock.

    A vehicle belongs to the minute of the frame in which its passage was decided, because
    a minute once said is not said again.
    """

    started_at: datetime | None = None
    tallies: dict[tuple[str | None, str], _Tally] = field(default_factory=dict)

    def advance(self, frame_at: datetime) -> list[CountedInterval]:
        """Move to `frame_at`; returns the minutes that ended on the way, empty ones as well."""
        if self.started_at is None:
            self.started_at = frame_at
            return []
        ended: list[CountedInterval] = []
        boundary = _next_minute(self.started_at)
        if frame_at >= boundary:
            ended.append(self._take(boundary))
            # After a long gap the time in between was not watched: it is not counted as empty.
            self.started_at = max(boundary, frame_at.replace(second=0, microsecond=0))
        return ended

    def add(self, lane: str | None, vehicle_class: str, speed_kmh: float | None) -> None:
        tally = self.tallies.setdefault((lane, vehicle_class), _Tally())
        tally.vehicles += 1
        if speed_kmh is not None:
            tally.speeds += 1
            tally.speed_sum_kmh += speed_kmh

    def finish(self, ended_at: datetime) -> list[CountedInterval]:
        """End of the stream: what the last, shorter interval holds."""
        if self.started_at is None or ended_at <= self.started_at:
            return []
        return [self._take(ended_at)]

    def _take(self, ended_at: datetime) -> CountedInterval:
        assert self.started_at is not None  # noqa: S101 - callers have checked
        counts = tuple(
            Count(
                lane,
                vehicle_class,
                tally.vehicles,
                round(tally.speed_sum_kmh / tally.speeds, 2) if tally.speeds else None,
            )
            for (lane, vehicle_class), tally in sorted(
                self.tallies.items(), key=lambda item: (item[0][0] or "", item[0][1])
            )
        )
        interval = CountedInterval(self.started_at, ended_at, counts)
        self.started_at = ended_at
        self.tallies = {}
        return interval

    def to_state(self) -> dict[str, object]:
        """JSON-ready state for the checkpoint."""
        return {
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "tallies": [
                [lane, vehicle_class, t.vehicles, t.speeds, t.speed_sum_kmh]
                for (lane, vehicle_class), t in self.tallies.items()
            ],
        }

    @classmethod
    def from_state(cls, state: dict[str, object]) -> "MinuteCounter":
        started_at = state["started_at"]
        counter = cls(datetime.fromisoformat(str(started_at)) if started_at else None)
        for lane, vehicle_class, vehicles, speeds, total in state["tallies"]:  # type: ignore[attr-defined]
            counter.tallies[(lane, vehicle_class)] = _Tally(vehicles, speeds, total)
        return counter


def _next_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
