"""The Solar Hijri (Jalali) day of a moment in Tehran; storage and events stay in UTC.

How dates are written for people is in `pages/persian.py`.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import jdatetime

from payesh.tickets.domain.jalali_day import JalaliDay

TEHRAN = ZoneInfo("Asia/Tehran")


def jalali_day(moment: datetime) -> JalaliDay:
    """The day in Tehran of an aware moment. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no day in Tehran")
    converted = jdatetime.date.fromgregorian(date=moment.astimezone(TEHRAN).date())
    return JalaliDay(converted.year, converted.month, converted.day)
