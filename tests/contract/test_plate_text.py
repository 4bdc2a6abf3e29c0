"""Two spellings of one plate must compare equal, or a hot list misses a car."""

import pytest

from payesh.contracts.plate_text import (
    ALEF,
    fold,
    layout_of,
    parse,
    searched_texts,
    split_characters,
)
from tests.support.plate_spellings import pasted_spellings, plate_spellings


@pytest.mark.parametrize(("written", "canonical"), plate_spellings() + pasted_spellings())
def test_spellings_of_one_plate_fold_to_one_text(written: str, canonical: str) -> None:
    assert fold(written) == canonical
    assert fold(canonical) == canonical
    assert searched_texts(written) == (canonical,)


@pytest.mark.parametrize(
    "between", ["\t", "\n", "()", "[ ]", ",", "،", ":", "؛", "\u064e", "\u200c", "\u2013"]
)
def test_what_people_paste_between_the_parts_changes_nothing(between: str) -> None:
    assert searched_texts(between.join(("12", "ب", "345", "6?"))) == ("12ب3456?",)


def test_a_character_that_no_plate_carries_is_kept_and_equals_no_plate() -> None:
    for stray in ("x", "ض", "*", "_", "\0", "½", "²"):
        assert fold(f"12ب345{stray}67") != "12ب34567"
        assert parse(f"12ب345{stray}67") is None


def test_alef_is_one_letter_of_three_characters() -> None:
    assert split_characters("11الف53713") == ("1", "1", ALEF, "5", "3", "7", "1", "3")
    plate = parse("11الف53713")
    assert plate is not None
    assert (plate.series, plate.letter, plate.number, plate.region) == ("11", ALEF, "537", "13")
    assert plate.text == "11الف53713"


def test_what_is_not_a_car_plate_has_an_unknown_layout() -> None:
    assert layout_of("12ب34567") == "car"
    for other in ("12345678", "123456", "1ب2345678", "12ب3456", ""):
        assert layout_of(other) == "unknown"
        assert parse(other) is None


def test_a_character_that_no_plate_carries_is_refused() -> None:
    with pytest.raises(ValueError, match="no plate carries"):
        split_characters("12X34567")


@pytest.mark.parametrize(
    ("written", "texts"),
    [
        ("۱۲ ب ۳۴۵ | ۶۷", ("12ب34567",)),
        ("12هـ345-67", ("12ه34567",)),
        ("12 ب 345 ایران 67", ("12ب34567",)),
        ("12الف34567", ("12الف34567",)),
        ("12ا345؟7", ("12الف345?7",)),
        ("12?34567", ("12?34567", "12الف34567")),
        ("؟2?34567", ("?2?34567", "?2الف34567")),
        ("12\u200cd34567", ("12D34567",)),
    ],
)
def test_a_search_looks_for_every_text_that_the_plate_may_have(
    written: str, texts: tuple[str, ...]
) -> None:
    assert searched_texts(written) == texts


@pytest.mark.parametrize(
    "written",
    ["12X34567", "12ض34567", "12_34567", "12%34567", "1234567", "12345678", "12ب3456", "12ب345678",
     "ب1234567", "د681", "????????", "?", "", "12ب345 67ب"],
)  # fmt: skip
def test_a_search_for_what_is_no_plate_is_refused_not_answered_with_nothing(written: str) -> None:
    with pytest.raises(ValueError):
        searched_texts(written)
