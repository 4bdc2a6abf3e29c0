"""Numbers, dates and times as people read them in Persian."""

from datetime import datetime

from payesh.tickets.jalali import TEHRAN, jalali_day

_DIGITS = str.maketrans({str(digit): chr(0x06F0 + digit) for digit in range(10)})
_MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور",
    "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
_WEEKDAYS = ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه")


def persian_digits(text: str) -> str:
    """ASCII digits as Persian ones; the rest is kept."""
    return text.translate(_DIGITS)


def isolated(name: str) -> str:
    """A name of any script, kept as it is, that turns no text around it."""
    return f"\u2068{name}\u2069"


def persian_number(value: float, decimals: int = 0) -> str:
    """For example «۹۹٫۵».

    >>> persian_number(99.5, 1)
    '۹۹٫۵'
    """
    return persian_digits(f"{value:.{decimals}f}").replace(".", "٫")


def persian_amount(amount: int) -> str:
    """With separated thousands, for example «۲٬۰۰۰٬۰۰۰»."""
    return persian_digits(f"{amount:,}").replace(",", "٬")


def persian_date(moment: datetime) -> str:
    """For example «دوشنبه ۲ آذر ۱۴۰۵»."""
    day = jalali_day(moment)
    weekday = _WEEKDAYS[moment.astimezone(TEHRAN).weekday()]
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
