"""When a mark or a limit applies, and to which vehicles."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Period:
    """Local clock times on some weekdays (0 is Monday). One that does not end after it begins ends
    on the next day."""

    weekdays: frozenset[int]
    since: time
    until: time

    def holds(self, local: datetime) -> bool:
        """Whether `local` lies from `since` up to, not including, `until`."""
        clock = local.time()
        if self.since < self.until:
            return local.weekday() in self.weekdays and self.since <= clock < self.until
        if clock >= self.since:
            return local.weekday() in self.weekdays
        yesterday = (local - timedelta(days=1)).weekday()
        return clock < self.until and yesterday in self.weekdays


@dataclass(frozen=True, slots=True)
class Schedule:
    """Periods of the week in the local time of `zone`."""

    zone: ZoneInfo
    periods: tuple[Period, ...]

    def holds(self, at: datetime) -> bool:
        """Whether it holds at an aware moment."""
        local = at.astimezone(self.zone)
        return any(period.holds(local) for period in self.periods)


NEVER = Schedule(ZoneInfo("UTC"), ())
"""A schedule that does not hold at any time."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What something applies to; None is every class, or at all times."""

    vehicle_classes: frozenset[str] | None = None
    schedule: Schedule | None = None

    def applies_to(self, vehicle_class: str, at: datetime) -> bool:
        """A vehicle whose class is unknown is in no scope that names classes."""
        if self.vehicle_classes is not None and vehicle_class not in self.vehicle_classes:
            return False
        return self.schedule is None or self.schedule.holds(at)


ALWAYS = Scope()
"""Every vehicle at all times."""
