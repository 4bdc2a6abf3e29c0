"""One vehicle, surely too fast between two lines, or no accusation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payesh.plates.domain.average_speed import Passing, Way
from payesh.plates.domain.stretch_verdict import (
    Crossed,
    SeenAt,
    Stretch,
    Surroundings,
    Verdict,
    judge,
)

BEGAN = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
STRETCH = Stretch(
    way=Way(1000.0, 2.0, 60.0),
    entry_camera_id="one",
    exit_camera_id="two",
    valid_from=BEGAN - timedelta(days=1),
    valid_to=BEGAN + timedelta(days=1),
    via_cameras=frozenset({"between"}),
)
PLATE = "12ب34567"


def crossed(seconds: float, text: str | None = PLATE, **changes: Any) -> Crossed:
    passing = Passing(BEGAN + timedelta(seconds=seconds), 0.05, 0.1, approaching=True)
    fields = {
        "passage_id": uuid4(),
        "passing": passing,
        "text": text,
        "is_sure": text is not None,
        "clock_verified": True,
        "vehicle_class": "car",
        **changes,
    }
    return Crossed(**fields)


def seen(seconds: float, camera: str, passage: UUID | None = None) -> SeenAt:
    return SeenAt(passage or uuid4(), camera, BEGAN + timedelta(seconds=seconds))


ENTRY, LEFT = crossed(0.0), crossed(45.0)
"""80 km/h over a kilometre on which 60 are allowed."""
OWN = [seen(0.5, "one", ENTRY.passage_id), seen(45.5, "two", LEFT.passage_id)]


def verdict(
    left: Crossed = LEFT,
    entries: list[Crossed] | None = None,
    exits: list[Crossed] | None = None,
    sightings: list[SeenAt] | None = None,
    stretch: Stretch = STRETCH,
) -> Verdict:
    around = Surroundings(
        entries=[ENTRY] if entries is None else entries,
        exits=[left, *(exits or [])],
        sightings=[*OWN, *(sightings or [])],
    )
    return judge(stretch, left, around).verdict


def test_a_vehicle_that_is_surely_too_fast_is_found() -> None:
    around = Surroundings([ENTRY], [LEFT], OWN)
    judgement = judge(STRETCH, LEFT, around)
    assert judgement.verdict is Verdict.FOUND
    assert judgement.entry is ENTRY
    assert judgement.speed is not None
    assert judgement.speed.value_kmh == pytest.approx(80.0)
    assert judgement.speed.lower_bound_kmh > 60.0


def test_who_stops_on_the_way_is_slow() -> None:
    assert verdict(crossed(300.0)) is Verdict.WITHIN_LIMIT


def test_a_vehicle_whose_bound_reaches_down_to_the_limit_is_within_it() -> None:
    for seconds, expected in ((59.8, Verdict.WITHIN_LIMIT), (59.0, Verdict.FOUND)):
        left = replace(LEFT, passing=crossed(seconds).passing)
        assert verdict(left) is expected


def test_what_entered_nowhere_or_as_another_plate_has_no_speed() -> None:
    assert verdict(entries=[]) is Verdict.NO_ENTRY
    assert verdict(entries=[crossed(0.0, "98ی76543")]) is Verdict.NO_ENTRY
    assert verdict(entries=[crossed(50.0)]) is Verdict.NO_ENTRY


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"left": replace(LEFT, clock_verified=False)}, Verdict.CLOCK_UNVERIFIED),
        ({"entries": [replace(ENTRY, clock_verified=False)]}, Verdict.CLOCK_UNVERIFIED),
        ({"left": replace(LEFT, is_sure=False)}, Verdict.READ_UNSURE),
        ({"left": replace(LEFT, text=None, is_sure=False)}, Verdict.READ_UNSURE),
        ({"entries": [replace(ENTRY, is_sure=False)]}, Verdict.READ_UNSURE),
        ({"entries": [replace(ENTRY, is_surveyed=False)]}, Verdict.LINE_MOVED),
        ({"entries": [replace(ENTRY, vehicle_class="motorcycle")]}, Verdict.ANOTHER_CLASS),
        ({"left": crossed(10.0)}, Verdict.TOO_FAST),
        ({"left": crossed(0.2)}, Verdict.TOO_FAST),
        ({"entries": [ENTRY, crossed(-200.0)]}, Verdict.SEEN_TWICE),
        ({"entries": [ENTRY, crossed(55.0)]}, Verdict.SEEN_TWICE),
        ({"exits": [crossed(100.0)]}, Verdict.SEEN_TWICE),
        ({"sightings": [seen(20.0, "far away")]}, Verdict.SEEN_ELSEWHERE),
        ({"sightings": [seen(20.0, "one")]}, Verdict.SEEN_ELSEWHERE),
        ({"entries": [ENTRY, crossed(-30.0, "12ب34561")]}, Verdict.SIMILAR_PLATE),
        ({"entries": [ENTRY, crossed(5.0, "?2ب3456?", is_sure=False)]}, Verdict.SIMILAR_PLATE),
        ({"exits": [crossed(70.0, "13ب34567")]}, Verdict.SIMILAR_PLATE),
        ({"stretch": replace(STRETCH, valid_to=BEGAN + timedelta(seconds=44))}, Verdict.NOT_VALID),
        ({"stretch": replace(STRETCH, valid_from=BEGAN + timedelta(seconds=1))}, Verdict.NOT_VALID),
    ],
)  # fmt: skip
def test_a_doubt_is_recorded_and_accuses_nobody(changes: dict[str, Any], expected: Verdict) -> None:
    assert verdict() is Verdict.FOUND
    assert verdict(**changes) is expected


@pytest.mark.parametrize(
    "changes",
    [
        {"sightings": [seen(20.0, "between")]},
        {"sightings": [seen(-20.0, "far away"), seen(70.0, "far away")]},
        {"entries": [ENTRY, crossed(-1000.0)]},
        {"entries": [ENTRY, crossed(4.0, "98ی76543"), crossed(6.0, None)]},
        {"exits": [crossed(-30.0)]},
        {"entries": [replace(ENTRY, vehicle_class="unknown")]},
        {"entries": [replace(ENTRY, vehicle_class="van")]},
    ],
)
def test_what_contradicts_nothing_leaves_the_finding(changes: dict[str, Any]) -> None:
    assert verdict(**changes) is Verdict.FOUND


def test_a_cloned_plate_accuses_neither_of_its_vehicles() -> None:
    """The lawful owner drives 50 km/h; the clone enters behind, and leaves later."""
    own_entry, clone_entry = crossed(0.0), crossed(40.0)
    own_exit, clone_exit = crossed(72.0), crossed(85.0)
    both = [own_entry, clone_entry]
    for left, other in ((own_exit, clone_exit), (clone_exit, own_exit)):
        around = Surroundings(both, [left, other], [])
        assert judge(STRETCH, left, around).verdict is not Verdict.FOUND


@given(
    times=st.lists(st.floats(-1200.0, 1200.0), min_size=1, max_size=5),
    clone=st.booleans(),
    left_s=st.floats(30.0, 58.0),
)
def test_a_second_sighting_of_the_plate_at_a_line_never_accuses(
    times: list[float], clone: bool, left_s: float
) -> None:
    left = crossed(left_s)
    others = [crossed(each) for each in times]
    around = Surroundings(
        [ENTRY, *others] if clone else [ENTRY], [left] if clone else [left, *others], []
    )
    near = [t for t in times if (-870.0 < t - left_s < 14.0 if clone else 0.0 <= t < left_s + 890)]
    found = judge(STRETCH, left, around).verdict is Verdict.FOUND
    assert not (near and found)
