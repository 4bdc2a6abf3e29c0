"""The limit that a verifier compares with is the one that was posted for that vehicle then."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from payesh.contracts import CameraRevision
from payesh.contracts.schemas import CONTRACTS
from payesh.verify.checks.posted_limit import posted_limit_kmh

# The example's schedule: Saturday to Wednesday from 06:30 to 20:00 in Tehran (UTC+03:30).
WEDNESDAY_NOON = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
WEDNESDAY_NIGHT = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
FRIDAY_NOON = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


def revision(**changes: Any) -> dict[str, Any]:
    """A revision's document as it lies in a bundle."""
    path = CONTRACTS / "documents/camera-revision.v1.example.json"
    read = CameraRevision.model_validate_json(
        json.dumps(json.loads(path.read_text("utf-8")) | changes)
    )
    return read.model_dump(mode="json")


def limit(speed_kmh: float, **scope: Any) -> dict[str, Any]:
    return {"vehicle_classes": None, "schedule": None, "lanes": None} | scope | {
        "speed_limit_kmh": speed_kmh
    }  # fmt: skip


@pytest.mark.parametrize(
    ("vehicle_class", "lane", "at", "posted"),
    [
        ("truck", "bus lane", WEDNESDAY_NOON, 50.0),
        ("bus", "bus lane", WEDNESDAY_NOON, 50.0),
        ("car", "bus lane", WEDNESDAY_NOON, 60.0),
        ("truck", "1", WEDNESDAY_NOON, 60.0),
        ("truck", None, WEDNESDAY_NOON, 60.0),
        ("truck", "bus lane", WEDNESDAY_NIGHT, 60.0),
        ("truck", "bus lane", FRIDAY_NOON, 60.0),
    ],
)
def test_a_limit_holds_for_its_vehicles_lanes_and_times(
    vehicle_class: str, lane: str | None, at: datetime, posted: float
) -> None:
    assert posted_limit_kmh(revision(), vehicle_class, lane, at) == posted


def test_the_lowest_limit_counts_and_none_is_none() -> None:
    both = revision(limits=[limit(40.0), limit(30.0), limit(80.0)])
    assert posted_limit_kmh(both, "car", None, WEDNESDAY_NOON) == 30.0
    bare = revision(limits=[], speed_limit_kmh=None)
    assert posted_limit_kmh(bare, "car", None, WEDNESDAY_NOON) is None


def test_a_period_over_midnight_ends_on_the_next_day() -> None:
    night = {"name": "night", "time_zone": "Asia/Tehran",
             "periods": [{"weekdays": ["friday"], "since": "22:00", "until": "05:00"}]}  # fmt: skip
    posted = revision(limits=[limit(30.0, schedule="night")], schedules=[night])
    saturday_early = datetime(2026, 11, 28, 0, 30, tzinfo=UTC)  # 04:00 in Tehran
    friday_early = datetime(2026, 11, 27, 0, 30, tzinfo=UTC)
    assert posted_limit_kmh(posted, "car", None, saturday_early) == 30.0
    assert posted_limit_kmh(posted, "car", None, friday_early) == 60.0


@pytest.mark.parametrize("time_zone", [None, "Nowhere/At_All", "Asia", "../etc"])
def test_a_limit_without_a_readable_schedule_does_not_apply(time_zone: str | None) -> None:
    periods = [{"weekdays": ["friday"], "since": "00:00", "until": "00:00"}]
    schedules = [{"name": "gone", "time_zone": time_zone, "periods": periods}] if time_zone else []
    posted = revision(limits=[limit(30.0, schedule="gone")], schedules=schedules)
    assert posted_limit_kmh(posted, "car", None, FRIDAY_NOON) == 60.0
