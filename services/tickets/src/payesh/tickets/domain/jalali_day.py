"""Days of the Solar Hijri (Jalali) calendar, in which decrees and seasons are written."""

from typing import NamedTuple


class JalaliDay(NamedTuple):
    """A day in Tehran. Compares as a date does."""

    year: int
    month: int
    day: int


def jalali_text(day: JalaliDay) -> str:
    """The day as files and the API spell it.

    >>> jalali_text(JalaliDay(1405, 8, 9))
    '1405-08-09'
    """
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d}"


def jalali_of(text: str) -> JalaliDay:
    """The inverse of `jalali_text`. Raises ValueError for anything but three numbers.

    >>> jalali_of("1405-08-09")
    JalaliDay(year=1405, month=8, day=9)
    """
    year, month, day = (int(part) for part in text.split("-"))
    return JalaliDay(year, month, day)
