"""Two spellings of one question must be one question, or "who looked for this plate" misses one."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from payesh.contracts.audited_query import (
    Condition,
    canonical_query,
    normalised_conditions,
    plate_searches,
)
from payesh.contracts.plate_text import searched_texts
from tests.support.plate_spellings import pasted_spellings, plate_spellings

TEHRAN = timezone(timedelta(hours=3, minutes=30))


@pytest.mark.parametrize(("written", "canonical"), plate_spellings() + pasted_spellings())
def test_a_plate_is_normalised_as_the_search_folds_it(written: str, canonical: str) -> None:
    assert normalised_conditions({"plate": written}) == {"plate": canonical}


@pytest.mark.parametrize(
    "same",
    [
        {"from": datetime(2026, 11, 26, 2, 57, tzinfo=UTC)},
        {"from": datetime(2026, 11, 26, 6, 27, tzinfo=TEHRAN)},
        {"from": "2026-11-26T02:57:00Z"},
        {"from": "2026-11-26T06:27:00+03:30", "plate": "", "camera_id": None},
    ],
)
def test_a_moment_is_one_however_it_is_written(same: dict[str, Condition]) -> None:
    assert canonical_query(normalised_conditions(same)) == b'{"from":"2026-11-26T02:57:00.000000Z"}'


def test_an_id_is_one_however_it_is_written() -> None:
    identity = UUID("27ab8fa7-0015-5770-affa-1b812a33b60d")
    written = normalised_conditions({"read_id": str(identity).upper()})
    assert written == normalised_conditions({"read_id": identity})


@pytest.mark.parametrize("broken", ["x\0y", "2026-13-99", "no plate", "9" * 5000])
def test_what_cannot_be_understood_still_counts_as_asked(broken: str) -> None:
    for name in ("plate", "from", "camera_id"):
        (value,) = normalised_conditions({name: broken}).values()
        assert 0 < len(value) <= 200
    assert normalised_conditions({"from": "0001-01-01T00:00:00+14:00"})


@pytest.mark.parametrize("plate", ["12ب34567", "12الف34567"])
def test_every_search_that_finds_a_plate_is_known_of_it(plate: str) -> None:
    searches = set(plate_searches(plate))
    assert len(searches) == 255
    for written in (plate, "1?" + plate[2:], "12?34567", "??????6?"):
        assert normalised_conditions({"plate": written})["plate"] in searches
    for search in searches:
        assert searched_texts(search)[0] == search
    assert normalised_conditions({"plate": "13ب34567"})["plate"] not in searches


def test_only_a_whole_plate_has_searches_that_find_it() -> None:
    for text in ("12?34567", "12ب3456?", "no plate"):
        with pytest.raises(ValueError):
            list(plate_searches(text))
