"""The average speed of a vehicle between two lines: the least way over the longest time.

Everything that may be off is added up, and nothing squared: two cameras' clocks may follow one
wrong server, and the edges that are seen at both lines may err alike.
"""

from dataclasses import dataclass
from datetime import datetime
from math import floor

KMH_PER_MS = 3.6
EDGE_M = 2.0
"""At each line, what the lower edge of a box may lie off the end of the vehicle along the road: a
lorry's rear hangs over, and an edge above the road is seen too far away."""
LONGEST_VEHICLE_M = 20.0
"""Articulated lorries have 18.75 m, and a load may hang over."""


@dataclass(frozen=True, slots=True)
class Way:
    """The shortest way that can be driven from one line to the other; the limit is the highest that
    is posted on it."""

    shortest_m: float
    u95_m: float
    limit_kmh: float


@dataclass(frozen=True, slots=True)
class Passing:
    """A line was crossed at `at`, by the front of a vehicle that was `approaching` the camera, else
    by its rear. `u95_s` bounds the crossing in the film, `clock_u95_s` the film's clock."""

    at: datetime
    u95_s: float
    clock_u95_s: float
    approaching: bool


@dataclass(frozen=True, slots=True)
class AverageSpeed:
    """`value_kmh` is the shortest way over the time that was taken; no vehicle was slower than
    `lower_bound_kmh`, as long as each uncertainty holds."""

    value_kmh: float
    least_way_m: float
    longest_time_s: float
    lower_bound_kmh: float

    @property
    def u95_kmh(self) -> float:
        return self.value_kmh - self.lower_bound_kmh

    def exceeds(self, limit_kmh: float) -> bool:
        return self.lower_bound_kmh > limit_kmh


def average_speed(way: Way, entered: Passing, left: Passing) -> AverageSpeed | None:
    """None where the way is not longer than what it may be off by, or the lines may have been
    crossed the other way round.

    >>> from datetime import UTC, timedelta
    >>> at = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
    >>> speed = average_speed(
    ...     Way(1000.0, 2.0, 90.0),
    ...     Passing(at, 0.05, 0.1, approaching=True),
    ...     Passing(at + timedelta(seconds=36), 0.05, 0.1, approaching=True),
    ... )
    >>> speed.value_kmh, speed.least_way_m, round(speed.longest_time_s, 3), speed.lower_bound_kmh
    (100.0, 994.0, 36.3, 98.578)
    """
    time_s = (left.at - entered.at).total_seconds()
    off_s = entered.u95_s + entered.clock_u95_s + left.u95_s + left.clock_u95_s
    # A rear that begins the stretch has its front ahead of the line already.
    ahead_m = LONGEST_VEHICLE_M if left.approaching and not entered.approaching else 0.0
    least_way_m = way.shortest_m - way.u95_m - 2 * EDGE_M - ahead_m
    if least_way_m <= 0.0 or time_s <= off_s:
        return None
    longest_time_s = time_s + off_s
    return AverageSpeed(
        value_kmh=KMH_PER_MS * way.shortest_m / time_s,
        least_way_m=least_way_m,
        longest_time_s=longest_time_s,
        lower_bound_kmh=floor(1000.0 * KMH_PER_MS * least_way_m / longest_time_s) / 1000.0,
    )
