"""Two sightings of one offence: the same plate and rule, within seconds, at one place."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, hypot, radians

_EARTH_RADIUS_M = 6_371_000.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where and when a vehicle was seen to break a rule; the place is the camera's, in degrees."""

    camera_id: str
    captured_at: datetime
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near two sightings of one plate and rule are that are one offence: at most `window` apart
    in time, by one camera or by two at most `metres` apart. No window: no two are."""

    window: timedelta
    metres: float

    def covers(self, first: Sighting, second: Sighting) -> bool:
        """Whether the second is the offence that the first is; in either order of time."""
        if not self.window or abs(second.captured_at - first.captured_at) > self.window:
            return False
        return first.camera_id == second.camera_id or metres_between(first, second) <= self.metres


ALL_APART = Nearness(timedelta(0), 0.0)
"""Each sighting is an offence of its own."""


def metres_between(first: Sighting, second: Sighting) -> float:
    """Metres on the ground, on a plane: exact to a metre over the kilometres that cameras of one
    place are apart.

    >>> at = datetime(2026, 11, 20)
    >>> round(metres_between(Sighting("a", at, 35.577, 53.395), Sighting("b", at, 35.578, 53.395)))
    111
    """
    north = radians(second.latitude - first.latitude)
    east = radians(second.longitude - first.longitude)
    middle = radians((first.latitude + second.latitude) / 2)
    return _EARTH_RADIUS_M * hypot(north, east * cos(middle))
