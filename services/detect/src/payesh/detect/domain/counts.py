"""How many vehicles passed in each minute of a stream, by lane and class."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from payesh.detect.domain.continuations import End
from payesh.detect.domain.lane_looks import LONGEST_STEP_S, LaneLooks
from payesh.detect.domain.lane_tally import LaneCount, LaneTally
from payesh.detect.domain.lane_view import LaneView
from payesh.detect.domain.trajectory import Trajectory

_REMEMBERED_S = 45.0
"""A vehicle's passage is decided within 30 s; so long an end is kept for it to go on with."""
_MOST_ENDS = 256


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
    lanes: tuple[LaneCount, ...] = ()


@dataclass(frozen=True, slots=True)
class Passed:
    """What a decided passage says of a vehicle that is to be counted."""

    lane: str | None
    vehicle_class: str
    speed_kmh: float | None
    at: datetime


@dataclass(slots=True)
class _Tally:
    vehicles: int = 0
    speeds: int = 0
    speed_sum_kmh: float = 0.0


@dataclass(slots=True)
class MinuteCounter:
    """Counts along a stream's own time; minutes are whole minutes of the source's clock.

    A vehicle belongs to the minute of the frame in which its passage was decided, because
    an interval is published once. Where the clock went back, time is counted twice, and
    the second count's intervals begin at other moments: an interval is known by its beginning.
    """

    started_at: datetime | None = None
    seen_until: datetime | None = None
    """The last frame."""
    published_until: datetime | None = None
    """The latest end of an interval."""
    tallies: dict[tuple[str | None, str], _Tally] = field(default_factory=dict)
    lanes: dict[str | None, LaneTally] = field(default_factory=dict)
    looks: dict[str, LaneLooks] = field(default_factory=dict)
    """By lane; none of a lane that was not looked at."""
    looked_at_s: float | None = None
    ends: list[End] = field(default_factory=list)
    """Of vehicles that were counted and lost."""

    def advance(self, frame_at: datetime) -> list[CountedInterval]:
        """Move to `frame_at`; returns the minutes that ended on the way, empty ones as well."""
        self.seen_until = frame_at
        if self.started_at is None:
            self.started_at = frame_at
            return []
        ended: list[CountedInterval] = []
        boundary = self._boundary()
        if frame_at >= boundary:
            ended.append(self._take(boundary))
            if frame_at - boundary >= timedelta(minutes=1):
                # The time in between was not watched: it is not counted as empty.
                self.started_at = frame_at
                self.lanes = {}
        return ended

    def look(self, time_s: float, lanes: Iterable[LaneView]) -> None:
        """A frame shows the lanes; `time_s` is on the stream's own timeline."""
        step_s = time_s - self.looked_at_s if self.looked_at_s is not None else 0.0
        self.looked_at_s = time_s
        if 0.0 < step_s <= LONGEST_STEP_S:
            for each in lanes:
                self.looks.setdefault(each.lane, LaneLooks()).add(each, step_s)

    def count(self, trajectory: Trajectory, passed: Passed) -> None:
        """Count a vehicle whose passage is decided, unless it never moved, or goes on with the way
        of one that was counted and lost."""
        if trajectory.has_moved and not self._was_counted(trajectory):
            self.add(passed.lane, passed.vehicle_class, passed.speed_kmh)
            self.lanes.setdefault(passed.lane, LaneTally()).add(passed.at, passed.speed_kmh)

    def lost(self, trajectory: Trajectory) -> None:
        """A vehicle whose passage was decided is followed no longer."""
        end = End.of(trajectory) if trajectory.has_moved else None
        if end is not None:
            recent = [e for e in self.ends if abs(e.time_s - end.time_s) <= _REMEMBERED_S]
            self.ends = [*recent, end][-_MOST_ENDS:]

    def _was_counted(self, trajectory: Trajectory) -> bool:
        former = next((end for end in self.ends if end.continued_by(trajectory)), None)
        if former is not None:
            self.ends.remove(former)  # one vehicle goes on with it
        return former is not None

    def add(self, lane: str | None, vehicle_class: str, speed_kmh: float | None) -> None:
        """Add a vehicle to the minute."""
        tally = self.tallies.setdefault((lane, vehicle_class), _Tally())
        tally.vehicles += 1
        if speed_kmh is not None:
            tally.speeds += 1
            tally.speed_sum_kmh += speed_kmh

    def break_off(self) -> list[CountedInterval]:
        """The source's clock steps: ends the interval at the last frame; the next begins anew."""
        ended = self.finish(self.seen_until) if self.seen_until is not None else []
        self.started_at = None
        self.lanes = {}
        return ended

    def finish(self, ended_at: datetime) -> list[CountedInterval]:
        """End of the stream: what the last, shorter interval holds."""
        if self.started_at is None or ended_at <= self.started_at:
            return []
        return [self._take(ended_at)]

    def _boundary(self) -> datetime:
        """Where the interval ends: at a whole minute that no interval began with."""
        assert self.started_at is not None  # noqa: S101 - callers have checked
        minute = self.started_at.replace(second=0, microsecond=0) + timedelta(minutes=1)
        if self.published_until is None or minute > self.published_until:
            return minute
        return self.started_at + timedelta(minutes=1)

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
        shown = self.looks.keys() | {lane for lane, tally in self.lanes.items() if tally.vehicles}
        lanes = tuple(
            self.lanes.get(lane, LaneTally()).take(lane, self.looks.get(lane or ""))
            for lane in sorted(shown, key=lambda name: name or "")
        )
        interval = CountedInterval(self.started_at, ended_at, counts, lanes)
        self.started_at = ended_at
        self.published_until = max(ended_at, self.published_until or ended_at)
        self.tallies, self.looks = {}, {}
        return interval

    def to_state(self) -> dict[str, object]:
        """JSON-ready state for the checkpoint."""
        return {
            "started_at": _text(self.started_at),
            "seen_until": _text(self.seen_until),
            "published_until": _text(self.published_until),
            "tallies": [
                [lane, vehicle_class, t.vehicles, t.speeds, t.speed_sum_kmh]
                for (lane, vehicle_class), t in self.tallies.items()
            ],
            "ends": [end.to_state() for end in self.ends],
            "lanes": [[lane, tally.to_state()] for lane, tally in self.lanes.items()],
            "looks": [[lane, looks.to_state()] for lane, looks in self.looks.items()],
            "looked_at_s": self.looked_at_s,
        }

    @classmethod
    def from_state(cls, state: dict[str, object]) -> "MinuteCounter":
        counter = cls(
            started_at=_moment(state["started_at"]),
            seen_until=_moment(state["seen_until"]),
            published_until=_moment(state["published_until"]),
        )
        # Earlier checkpoints lack the ends, the lanes and what was looked at.
        for lane, looks in state.get("looks", ()):  # type: ignore[attr-defined]
            counter.looks[lane] = LaneLooks.from_state(looks)
        looked_at_s = state.get("looked_at_s")
        counter.looked_at_s = None if looked_at_s is None else float(str(looked_at_s))
        for lane, tally in state.get("lanes", ()):  # type: ignore[attr-defined]
            counter.lanes[lane] = LaneTally.from_state(tally)
        counter.ends = [End.from_state(end) for end in state.get("ends", ())]  # type: ignore[attr-defined]
        for lane, vehicle_class, vehicles, speeds, total in state["tallies"]:  # type: ignore[attr-defined]
            counter.tallies[(lane, vehicle_class)] = _Tally(vehicles, speeds, total)
        return counter


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None
