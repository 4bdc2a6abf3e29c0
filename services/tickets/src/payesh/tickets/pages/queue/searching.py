"""What an officer types to find a case: one line, and days of the Solar Hijri calendar."""

import re
from datetime import datetime, timedelta

from payesh.contracts.plate_text import parse
from payesh.kit.errors import Unprocessable
from payesh.tickets.adapters.citation_search import Wanted
from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.handlers.searching import ascii_digits, number_of, plate_of
from payesh.tickets.jalali import jalali_day, start_of_day

_NUMBER = re.compile(r"1[34]\d\d-.+")
_DAY = re.compile(r"(1[34]\d\d)[-/.](\d{1,2})[-/.](\d{1,2})")


def wanted_of(asked: str, first: str, last: str, handled_by: str | None) -> Wanted:
    """What is wanted: a line that is a number, a plate or a camera's id; the first and last day;
    and who handled it. Raises Unprocessable for a day that there is not, and as `number_of`."""
    text = ascii_digits(asked).strip()
    number = plate = camera = None
    if parse(text) is not None:
        plate = plate_of(text)
    elif _NUMBER.fullmatch(text):
        number = number_of(text)
    elif text:
        camera = text.lower()
    return Wanted(
        number=number,
        plate=plate,
        camera_id=camera,
        captured_from=_moment(first),
        captured_to=_moment(last, days=1),
        handled_by=handled_by,
    )


def _moment(written: str, days: int = 0) -> datetime | None:
    """The beginning of a day, `days` later."""
    text = ascii_digits(written).strip()
    if not text:
        return None
    match = _DAY.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        begins = start_of_day(JalaliDay(*(int(part) for part in match.groups())))
        if not days:
            return begins
        # By way of noon: days had 23 hours once a year.
        return start_of_day(jalali_day(begins + timedelta(days=days, hours=12)))
    except ValueError:
        raise Unprocessable("this is no day, as 1405/09/06", type="no-day") from None
