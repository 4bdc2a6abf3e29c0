"""What pages write: Persian numbers, dates and words, plates as they are drawn."""

from datetime import UTC, datetime

import pytest

from payesh.contracts.values import (
    ClockSource,
    DirectionFact,
    Facts,
    Finding,
    Margin,
    RoadClass,
    StayFact,
)
from payesh.contracts.vocabulary import LampState, RejectionReason, VehicleClass, ViolationRule
from payesh.tickets.domain import life
from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.jalali import jalali_day
from payesh.tickets.pages.persian import persian_amount, persian_date, persian_number, persian_time
from payesh.tickets.pages.plates import plate_card, reading_card
from payesh.tickets.pages.queue.measurement import finding_card, speed_card
from payesh.tickets.pages.wording import word, words
from tests.support.citation_builder import stored_citation
from tests.support.violation_builder import CAPTURED_AT


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
    ("read", "spoken"),
    [
        ("12ب34567", "۱۲ ب ۳۴۵ ایران ۶۷"),
        ("12الف3456?", "۱۲ الف ۳۴۵ ایران ۶?"),
        ("1??34567", "۱? ? ۳۴۵ ایران ۶۷"),
        ("", "که خوانده نشد"),
        ("12ب3456", "\u202d۱۲ب۳۴۵۶\u202c"),
    ],
)
def test_what_a_reader_read_is_drawn_even_where_it_is_no_plate(read: str, spoken: str) -> None:
    assert reading_card(read).spoken == spoken


def test_a_speed_is_shown_with_its_bounds_and_a_finding_with_the_facts_that_its_rule_names() -> (
    None
):
    measured = speed_card(stored_citation())
    assert measured is not None
    assert (measured.value, measured.lower, measured.excess) == ("۹۹٫۰", "۹۶٫۹", "۳۶٫۹")
    assert finding_card(stored_citation()) is None
    stood = Finding(
        kind="finding",
        facts=Facts(
            stay=StayFact(
                region="zone", entered_at=CAPTURED_AT, left_at=None, stationary_ms=190_000
            ),
            direction=DirectionFact(
                heading_deg=181.0, permitted_deg=2.0, u95_deg=3.0, distance_m=14.0
            ),
        ),
        margin=Margin(quantity="stopped_s", value=190.0, u95=0.5, grace=60.0, lower_bound=129.5),
    )
    parked = stored_citation(rule="forbidden_stopping", measurement=stood)
    card = finding_card(parked)
    assert speed_card(parked) is None
    assert card is not None
    assert [text for _, text in card.facts] == [
        "از ساعت ۱۳:۰۱:۰۷٫۴ تا پایان فیلم",
        "۱۹۰٫۰ ثانیه",
        "۱۲۹٫۵ ثانیه: ۱۹۰ منهای عدم‌قطعیت ۰٫۵ و ارفاق ۶۰",
    ]
    against = finding_card(stored_citation(rule="wrong_way", measurement=stood))
    assert against is not None
    assert [text for _, text in against.facts][:2] == [
        "۱۸۱ درجه (عدم‌قطعیت ۳)؛ جهت مجاز ۲ درجه",
        "۱۴٫۰ متر",
    ]
    later = finding_card(stored_citation(rule="a_later_rule", measurement=stood))
    assert later is not None
    assert len(later.facts) == 5


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
