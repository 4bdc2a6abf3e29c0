"""What pages write: Persian numbers, dates and words, plates as they are drawn."""

from datetime import UTC, datetime

import pytest

from payesh.contracts.values import ClockSource, RoadClass
from payesh.contracts.vocabulary import LampState, RejectionReason, VehicleClass, ViolationRule
from payesh.tickets.domain import life
from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.jalali import jalali_day
from payesh.tickets.pages.persian import persian_amount, persian_date, persian_number, persian_time
from payesh.tickets.pages.plates import plate_card
from payesh.tickets.pages.wording import word, words


def test_days_and_times_are_tehrans() -> None:
    just_before_new_year = datetime(2026, 3, 20, 20, 29, 59, tzinfo=UTC)
    assert jalali_day(just_before_new_year) == JalaliDay(1404, 12, 29)
    assert jalali_day(datetime(2026, 3, 20, 20, 30, tzinfo=UTC)) == JalaliDay(1405, 1, 1)
    # Summer time was kept until 1401.
    assert persian_time(datetime(2022, 7, 1, 8, 0, tzinfo=UTC)) == "۱۲:۳۰:۰۰"
    assert persian_date(datetime(2026, 11, 23, 8, 0, tzinfo=UTC)) == "دوشنبه ۲ آذر ۱۴۰۵"


def test_numbers_are_written_in_persian() -> None:
    assert (persian_number(99.46, 1), persian_number(60.4)) == ("۹۹٫۵", "۶۰")
    assert persian_amount(2_000_000) == "۲٬۰۰۰٬۰۰۰"


def test_alef_is_one_letter_and_its_plate_is_red() -> None:
    card = plate_card("12الف34567")
    assert card.parts is not None
    assert (card.parts.letter, card.colour) == ("الف", "red")
    assert card.spoken == "۱۲ الف ۳۴۵ ایران ۶۷"


def test_a_plate_of_another_layout_is_shown_as_its_text() -> None:
    card = plate_card("9912345")
    assert (card.text, card.parts, card.colour) == ("۹۹۱۲۳۴۵", None, "white")


@pytest.mark.parametrize(
    ("vocabulary", "identifiers"),
    [
        ("rules", set(ViolationRule)),
        ("reasons", set(RejectionReason)),
        ("vehicles", set(VehicleClass)),
        ("roads", set(RoadClass)),
        ("clocks", set(ClockSource)),
        ("lamps", set(LampState)),
        ("states", set(life.vocabulary())),
    ],
)
def test_every_identifier_has_its_word_in_persian(vocabulary: str, identifiers: set[str]) -> None:
    found = words(vocabulary)
    assert found.keys() == identifiers
    assert not any(letter.isascii() and letter.isalpha() for letter in "".join(found.values()))


def test_an_identifier_without_a_word_is_shown_as_it_is() -> None:
    assert word("counties", "semnan") == "سمنان"
    assert word("counties", "a_new_county") == "a_new_county"
