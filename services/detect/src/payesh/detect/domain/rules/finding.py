"""What a rule found: the measurement that proves it, the moment, and the evidence window."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured quantity that broke a limit: its 95 % interval is `value` ± `u95`. `name` has the
    unit, for example `speed_kmh`."""

    name: str
    value: float
    u95: float
    limit: float

    @property
    def lower_bound(self) -> float:
        """The end of the interval that favours the driver."""
        return self.value - self.u95


@dataclass(frozen=True, slots=True)
class Margin:
    """How far beyond the rule the vehicle was. The finding stands only if what is left after the
    uncertainty and the grace is above zero."""

    name: str
    value: float
    u95: float
    grace: float = 0.0

    @property
    def lower_bound(self) -> float:
        return self.value - self.u95 - self.grace


@dataclass(frozen=True, slots=True)
class SignalFact:
    """What a signal head showed at the moment of the finding, and since when."""

    signal_head: str
    lamp: str
    since: datetime
    since_u95_ms: float


@dataclass(frozen=True, slots=True)
class CrossingFact:
    """The vehicle crossed a marked line."""

    line: str
    crossed_at: datetime
    u95_ms: float


@dataclass(frozen=True, slots=True)
class StayFact:
    """The vehicle was in a marked region; `left_at` is None while it was still there."""

    region: str
    entered_at: datetime
    left_at: datetime | None
    stationary_ms: int | None


@dataclass(frozen=True, slots=True)
class DirectionFact:
    """Degrees clockwise from the top of the picture, of the vehicle and as permitted."""

    heading_deg: float
    permitted_deg: float
    u95_deg: float
    distance_m: float | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened, where no quantity was measured against a limit, with the margin that favours
    the driver. A fact that the rule does not need is None or empty."""

    margin: Margin
    signal: SignalFact | None = None
    crossings: tuple[CrossingFact, ...] = ()
    stay: StayFact | None = None
    direction: DirectionFact | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken beyond doubt. Times are on the stream's own timeline: `at_s` is the moment of
    the offence, and the segments from `from_s` to `to_s` prove it."""

    measurement: Quantity | Facts
    at_s: float
    from_s: float
    to_s: float
