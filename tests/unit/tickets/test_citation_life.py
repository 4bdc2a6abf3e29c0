"""Who may do what to a citation, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from payesh.tickets.domain.citation import Refusal, Rejection, Standing, State, citation_number
from payesh.tickets.domain.plate_text import car_plate, fold, plate_colour
from payesh.tickets.presentation import REASONS, plate_card
from tests.support.plate_spellings import plate_spellings

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def held_by(officer: str | None, minutes: float = 5) -> Standing:
    until = NOW + timedelta(minutes=minutes) if officer else None
    return Standing(State.DRAFTED, officer, until, "12ب34567")


def test_a_claim_keeps_others_out_until_it_runs_out() -> None:
    assert held_by("sara").refuses_claim("reza", NOW) is Refusal.CLAIMED_BY_ANOTHER
    assert held_by("sara").refuses_claim("sara", NOW) is None
    assert held_by("sara", minutes=0).refuses_claim("reza", NOW) is None
    assert held_by("sara").at(NOW) is State.CLAIMED
    assert held_by("sara", minutes=0).at(NOW) is State.DRAFTED


def test_only_who_holds_the_claim_decides() -> None:
    assert held_by("sara").refuses_decision("sara", NOW) is None
    assert held_by("sara").refuses_decision("reza", NOW) is Refusal.CLAIMED_BY_ANOTHER
    assert held_by(None).refuses_decision("sara", NOW) is Refusal.CLAIM_REQUIRED
    assert held_by("sara", minutes=-1).refuses_decision("sara", NOW) is Refusal.CLAIM_REQUIRED


def test_a_bill_goes_to_the_drafted_plate_or_to_nobody() -> None:
    assert held_by("sara").refuses_issue("sara", "12ب34567", NOW) is None
    assert held_by("sara").refuses_issue("sara", "13ب34567", NOW) is Refusal.PLATE_DIFFERS


@pytest.mark.parametrize("state", [State.ISSUED, State.REJECTED])
def test_what_is_decided_stays_decided(state: State) -> None:
    decided = Standing(state, "sara", NOW + timedelta(minutes=5), "12ب34567")
    assert decided.refuses_claim("sara", NOW) is Refusal.ALREADY_DECIDED
    assert decided.refuses_decision("sara", NOW) is Refusal.ALREADY_DECIDED


def test_a_number_carries_the_jalali_year() -> None:
    assert citation_number(1405, 7) == "1405-7"


@pytest.mark.parametrize(("typed", "canonical"), plate_spellings())
def test_a_plate_is_the_same_however_it_is_typed(typed: str, canonical: str) -> None:
    assert fold(typed) == canonical


def test_alef_is_one_letter_and_its_plate_is_red() -> None:
    plate = car_plate("12الف34567")
    assert plate is not None
    assert plate.letter == "الف"
    assert plate_colour(plate.letter) == "red"
    assert plate_card("12الف34567").spoken == "۱۲ الف ۳۴۵ ایران ۶۷"


def test_every_rejection_has_its_reason_in_persian() -> None:
    assert set(REASONS) == set(Rejection)
    assert not any(letter.isascii() and letter.isalpha() for letter in "".join(REASONS.values()))
