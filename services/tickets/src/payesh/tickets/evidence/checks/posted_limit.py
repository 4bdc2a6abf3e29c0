"""The speed limit that a camera's revision posts for one vehicle at one moment."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from payesh.contracts.camera_revision import CameraRevision, Period, Schedule, SpeedLimit, Weekday

_WEEKDAYS = (
    Weekday.MONDAY,
    Weekday.TUESDAY,
    Weekday.WEDNESDAY,
    Weekday.THURSDAY,
    Weekday.FRIDAY,
    Weekday.SATURDAY,
    Weekday.SUNDAY,
)
"""In the order of `datetime.weekday`."""


def posted_limit_kmh(
    revision: CameraRevision, vehicle_class: str, lane: str | None, at: datetime
) -> float | None:
    """The lowest limit that applies; None where none is posted.

    A limit whose schedule is not in the revision, or is in an unknown time zone, does not apply.
    """
    schedules = {schedule.name: schedule for schedule in revision.schedules}
    found = [
        limit.speed_limit_kmh
        for limit in revision.limits
        if _applies(limit, vehicle_class, lane) and _is_in_time(limit, schedules, at)
    ]
    if revision.speed_limit_kmh is not None:
        found.append(revision.speed_limit_kmh)
    return min(found, default=None)


def _applies(limit: SpeedLimit, vehicle_class: str, lane: str | None) -> bool:
    if limit.vehicle_classes is not None and vehicle_class not in limit.vehicle_classes:
        return False
    return limit.lanes is None or lane in limit.lanes


def _is_in_time(limit: SpeedLimit, schedules: dict[str, Schedule], at: datetime) -> bool:
    if limit.schedule is None:
        return True
    schedule = schedules.get(limit.schedule)
    if schedule is None:
        return False
    try:
        local = at.astimezone(ZoneInfo(schedule.time_zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the latter from a folder, such as "Asia"
        return False
    return any(_holds(period, local) for period in schedule.periods)


def _holds(period: Period, local: datetime) -> bool:
    since, until = time.fromisoformat(period.since), time.fromisoformat(period.until)
    today = _WEEKDAYS[local.weekday()]
    yesterday = _WEEKDAYS[(local - timedelta(days=1)).weekday()]
    clock = local.time()
    if since < until:
        return today in period.weekdays and since <= clock < until
    if clock >= since:
        return today in period.weekdays
    return clock < until and yesterday in period.weekdays
