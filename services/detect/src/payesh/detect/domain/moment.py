"""A moment of a stream."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """`time_s` on the stream's own timeline, for differences; `at` by the source's clock (aware
    UTC), for what is published."""

    time_s: float
    at: datetime
