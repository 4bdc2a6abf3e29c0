"""What holds a draft before anybody looks."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from payesh.contracts.plate_text import LETTERS
from payesh.contracts.vocabulary import VehicleClass
from payesh.tickets.adapters.plate_classes import read_plate_classes
from payesh.tickets.domain.desk import HELD
from payesh.tickets.domain.holds import (
    MEANINGS,
    HoldKind,
    Reach,
    SecondReaderRule,
    doubt_of,
    journey,
)
from payesh.tickets.domain.sighting import Sighting
from payesh.tickets.errors import PlateClassesInvalid
from payesh.tickets.pages.wording import words

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
HERE = Sighting("a", AT, 35.0, 53.0)
CAN_BE = {
    VehicleClass.CAR: set(LETTERS),
    VehicleClass.VAN: set(LETTERS),
    VehicleClass.UNKNOWN: set(LETTERS),
    VehicleClass.BUS: set(LETTERS) - {"ت", "ژ", "D"},
    VehicleClass.TRUCK: set(LETTERS) - {"ت", "ژ", "D"},
    VehicleClass.MOTORCYCLE: set(),
    VehicleClass.BICYCLE: set(),
}


def test_the_shipped_file_forbids_what_no_mistake_of_a_detector_explains() -> None:
    classes = read_plate_classes(None)
    found = {
        each: {letter for letter in LETTERS if not classes.forbid(letter, each)} for each in CAN_BE
    }
    assert found == CAN_BE
    assert not classes.forbid(None, "motorcycle"), "of another layout nothing is known"
    assert not classes.forbid("ت", "a class of a newer detector")


@pytest.mark.parametrize(
    "content",
    [
        "{",
        '{"all": [], "letters": {"؟": ["bus"]}}',
        '{"all": ["lorry"], "letters": {}}',
        '{"all": []}',
        '{"all": [], "letters": {}, "more": 1}',
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "plate-classes.json"
    path.write_text(content, "utf-8")
    with pytest.raises(PlateClassesInvalid, match=r"plate-classes\.json"):
        read_plate_classes(path)
    path.write_text(json.dumps({"all": [], "letters": {"ت": ["bus"]}}), "utf-8")
    assert read_plate_classes(path).forbid("ت", "bus")


def test_a_journey_is_as_slow_as_places_and_clocks_allow() -> None:
    there = Sighting("b", AT + timedelta(seconds=100), 35.05, 53.0)  # 5,560 m
    found = journey(HERE, there, timedelta(milliseconds=500))
    assert (round(found.metres), found.seconds) == (5360, 101.5)
    assert journey(there, HERE, timedelta(milliseconds=500)) == found
    assert round(found.kmh) == 190
    assert not Reach(timedelta(hours=6), 200.0).forbids(found)
    assert Reach(timedelta(hours=6), 180.0).forbids(found)
    assert not Reach(timedelta(0), 180.0).forbids(found), "no window compares none"


def test_two_cameras_of_one_place_at_one_moment_are_no_journey() -> None:
    beside = Sighting("b", AT, 35.0015, 53.0)  # 167 m
    assert journey(HERE, beside, timedelta(0)).kmh == 0


SAME, OTHER = "12ب34567", "12ب34568"


@pytest.mark.parametrize(
    ("seconds", "when_present", "required"),
    [
        ([SAME], None, None),
        ([SAME, SAME], None, None),
        ([OTHER], HoldKind.READERS_DISAGREE, HoldKind.READERS_DISAGREE),
        (["12ب3456?"], HoldKind.READERS_DISAGREE, HoldKind.READERS_DISAGREE),
        ([""], HoldKind.READERS_DISAGREE, HoldKind.READERS_DISAGREE),
        ([SAME, OTHER], HoldKind.READERS_DISAGREE, HoldKind.READERS_DISAGREE),
        ([None, OTHER], HoldKind.READERS_DISAGREE, HoldKind.READERS_DISAGREE),
        ([None], None, HoldKind.SECOND_READING_MISSING),
        ([SAME, None], None, HoldKind.SECOND_READING_MISSING),
    ],
)
def test_only_the_same_plate_in_every_read_confirms_it(
    seconds: list[str | None], when_present: HoldKind | None, required: HoldKind | None
) -> None:
    assert doubt_of(SAME, seconds, SecondReaderRule.WHEN_PRESENT) == when_present
    assert doubt_of(SAME, seconds, SecondReaderRule.REQUIRED) == required
    assert doubt_of(SAME, seconds, SecondReaderRule.OFF) is None


def test_every_kind_has_its_meaning_refusal_and_word() -> None:
    assert MEANINGS.keys() == HELD.keys() == set(HoldKind)
    assert words("holds").keys() == set(HoldKind)
