"""The Solar Hijri (Jalali) day of a moment in Tehran; storage and events stay in UTC.

How dates are written for people is in `pages/persian.py`.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import jdatetime
from pydantic import AfterValidator, Field

from payesh.tickets.domain.jalali_day import JalaliDay, jalali_of

TEHRAN = ZoneInfo("Asia/Tehran")
_MONTHS_IN_YEAR = 12
_LONGEST_MONTH_DAYS = 31


def _day(text: str) -> str:
    year, month, day = jalali_of(text)
    if not (year and 1 <= month <= _MONTHS_IN_YEAR and 1 <= day <= _LONGEST_MONTH_DAYS):
        raise ValueError("not a Solar Hijri day")
    return text


def _month_day(text: str) -> str:
    _day(f"1400-{text}")
    return text


JalaliText = Annotated[str, Field(pattern=r"^1[34]\d\d-\d\d-\d\d$"), AfterValidator(_day)]
MonthDayText = Annotated[str, Field(pattern=r"^\d\d-\d\d$"), AfterValidator(_month_day)]
"""A day as files and the API spell it, `1405-08-29`, and a day of every year, `12-25`."""


def jalali_day(moment: datetime) -> JalaliDay:
    """The day in Tehran of an aware moment. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no day in Tehran")
    converted = jdatetime.date.fromgregorian(date=moment.astimezone(TEHRAN).date())
    return JalaliDay(converted.year, converted.month, converted.day)


def start_of_day(day: JalaliDay) -> datetime:
    """The first moment of a day in Tehran, in UTC. Raises ValueError for a day that there is not.

    >>> start_of_day(JalaliDay(1405, 9, 6)).isoformat()
    '2026-11-26T20:30:00+00:00'
    """
    date = jdatetime.date(day.year, day.month, day.day).togregorian()
    return datetime.combine(date, time(), TEHRAN).astimezone(UTC)


def end_of_day(moment: datetime, days: int) -> datetime:
    """The end, excluded, of the day in Tehran that is `days` days after the one of `moment`: a
    deadline in days does not count the day that it begins on.

    >>> from datetime import UTC
    >>> end_of_day(datetime(2026, 11, 27, 8, 30, tzinfo=UTC), 2).isoformat()
    '2026-11-29T20:30:00+00:00'
    """
    day = moment.astimezone(TEHRAN).date() + timedelta(days=days + 1)
    return datetime.combine(day, time(), TEHRAN).astimezone(UTC)
