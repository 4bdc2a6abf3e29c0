"""Days of the Solar Hijri (Jalali) calendar in Tehran, in which the law's rows are dated."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
_IN_33_YEARS, _IN_4_YEARS, _IN_A_YEAR = 12053, 1461, 365
_FIRST_HALF = 186
"""Days of the six months of 31."""


class Day(NamedTuple):
    """Compares as a date does."""

    year: int
    month: int
    day: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}-{self.day:02d}"


def day_of(text: str) -> Day:
    """Raises ValueError for anything but three numbers."""
    year, month, day = (int(part) for part in text.split("-"))
    return Day(year, month, day)


def day_in_tehran(moment: datetime) -> Day:
    """The day of an aware moment, by the calendar's cycle of 33 years, which is the official one
    from 1178 to 1633.

    >>> str(day_in_tehran(datetime.fromisoformat("2026-03-20T20:29:59Z")))
    '1404-12-29'
    >>> str(day_in_tehran(datetime.fromisoformat("2026-03-20T20:30:00Z")))
    '1405-01-01'
    """
    local = moment.astimezone(ZoneInfo("Asia/Tehran"))
    leap_from = local.year + 1 if local.month > 2 else local.year
    days = (
        355666
        + _IN_A_YEAR * local.year
        + (leap_from + 3) // 4
        - (leap_from + 99) // 100
        + (leap_from + 399) // 400
        + local.day
        + _DAYS_BEFORE[local.month - 1]
    )
    cycles, days = divmod(days, _IN_33_YEARS)
    fours, days = divmod(days, _IN_4_YEARS)
    year = -1595 + 33 * cycles + 4 * fours
    if days > _IN_A_YEAR:
        years, days = divmod(days - 1, _IN_A_YEAR)
        year += years
    if days < _FIRST_HALF:
        return Day(year, 1 + days // 31, 1 + days % 31)
    return Day(year, 7 + (days - _FIRST_HALF) // 30, 1 + (days - _FIRST_HALF) % 30)
