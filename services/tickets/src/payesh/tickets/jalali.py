"""Solar Hijri days and times as people in Tehran read them; storage stays in UTC."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import jdatetime

from payesh.tickets.domain.law import JalaliDay
from payesh.tickets.domain.plate_text import persian_digits

TEHRAN = ZoneInfo("Asia/Tehran")

_MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور",
    "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
_WEEKDAYS = ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه")


def jalali_day(moment: datetime) -> JalaliDay:
    """The day in Tehran of an aware moment. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no day in Tehran")
    return _jalali(moment.astimezone(TEHRAN).date())


def persian_date(moment: datetime) -> str:
    """For example «دوشنبه ۲ آذر ۱۴۰۵»."""
    local = moment.astimezone(TEHRAN)
    day = _jalali(local.date())
    weekday = _WEEKDAYS[local.weekday()]
    return persian_digits(f"{weekday} {day.day} {_MONTHS[day.month - 1]} {day.year}")


def persian_short_date(moment: datetime) -> str:
    """For example «۱۴۰۵/۰۹/۰۲»."""
    day = jalali_day(moment)
    return persian_digits(f"{day.year}/{day.month:02d}/{day.day:02d}")


def persian_time(moment: datetime, *, tenths: bool = False) -> str:
    """For example «۰۸:۰۷:۱۲»; with tenths of a second «۰۸:۰۷:۱۲٫۴»."""
    local = moment.astimezone(TEHRAN)
    text = local.strftime("%H:%M:%S")
    if tenths:
        text += f"٫{local.microsecond // 100_000}"
    return persian_digits(text)


def _jalali(day: date) -> JalaliDay:
    converted = jdatetime.date.fromgregorian(date=day)
    return JalaliDay(converted.year, converted.month, converted.day)
