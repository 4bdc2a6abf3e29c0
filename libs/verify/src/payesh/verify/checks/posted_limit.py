"""The speed limit that a camera's revision posts for one vehicle at one moment."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from payesh.verify.bundle import Document

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""In the order of `datetime.weekday`."""


def posted_limit_kmh(
    revision: Document, vehicle_class: str, lane: str | None, at: datetime
) -> float | None:
    """The lowest limit that applies; None where none is posted.

    A limit whose schedule is not in the revision, or is in an unknown time zone, does not apply.
    """
    schedules = {each["name"]: each for each in revision.get("schedules", ())}
    found = [
        limit["speed_limit_kmh"]
        for limit in revision.get("limits", ())
        if _applies(limit, vehicle_class, lane) and _is_in_time(limit, schedules, at)
    ]
    whole = revision.get("speed_limit_kmh")
    if whole is not None:
        found.append(whole)
    return min(found, default=None)


def _applies(limit: Document, vehicle_class: str, lane: str | None) -> bool:
    classes, lanes = limit.get("vehicle_classes"), limit.get("lanes")
    if classes is not None and vehicle_class not in classes:
        return False
    return lanes is None or lane in lanes


def _is_in_time(limit: Document, schedules: dict[str, Document], at: datetime) -> bool:
    named = limit.get("schedule")
    if named is None:
        return True
    schedule = schedules.get(named)
    if schedule is None:
        return False
    try:
        local = at.astimezone(ZoneInfo(schedule["time_zone"]))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the latter from a folder, such as "Asia"
        return False
    return any(_holds(period, local) for period in schedule["periods"])


def _holds(period: Document, local: datetime) -> bool:
    since, until = time.fromisoformat(period["since"]), time.fromisoformat(period["until"])
    today = _WEEKDAYS[local.weekday()]
    yesterday = _WEEKDAYS[(local - timedelta(days=1)).weekday()]
    clock = local.time()
    if since < until:
        return today in period["weekdays"] and since <= clock < until
    if clock >= since:
        return today in period["weekdays"]
    return clock < until and yesterday in period["weekdays"]
