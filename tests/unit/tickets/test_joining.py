"""What becomes of a violation and its read, decided over values alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payesh.contracts.values import ClockSource
from payesh.contracts.vocabulary import ViolationRule
from payesh.tickets.adapters.law_file import read_law
from payesh.tickets.adapters.violations import citation_id_of
from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.domain.law_book import LawBook, Published
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.evidence.joined_case import JoinedCase
from payesh.tickets.evidence.law_basis import LawBasis
from payesh.tickets.handlers.joining import Priced, assess, join
from tests.support.violation_builder import CAPTURED_AT, crossed_at_red, plate_read, violation

FIXTURE = read_law(None)
LAW = LawBook(FIXTURE)


def priced(**changes: object) -> Priced:
    found = assess(violation(**changes), LAW)  # type: ignore[arg-type]
    assert isinstance(found, Priced)
    return found


def test_a_sure_read_of_a_priced_violation_makes_one_case_with_the_rows_that_priced_it() -> None:
    seen = violation(speed_kmh=101.0)
    found = assess(seen, LAW)
    assert isinstance(found, Priced)
    case = join(seen, plate_read(seen), found, minimum_confidence=0.8)
    assert isinstance(case, JoinedCase)
    assert case.citation_id == citation_id_of(seen.violation_id)
    assert (case.law.table_sha256, case.law.offence_code) == (FIXTURE.sha256, "2002")
    basis = LawBasis.model_validate_json(case.law_basis or "")
    assert (basis.offence.code, basis.captured_on) == ("2002", "1405-08-29")


@pytest.mark.parametrize(
    ("plate", "confidence"), [(None, 0.0), ("12ب34567", 0.79)], ids=["no plate", "unsure"]
)
def test_a_read_that_is_not_sure_ends_it_as_unreadable(
    plate: str | None, confidence: float
) -> None:
    seen = violation()
    read = plate_read(seen, plate, confidence=confidence)
    assert join(seen, read, priced(), minimum_confidence=0.8) is Rejection.UNREADABLE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"clock_source": ClockSource.UNVERIFIED}, Rejection.CLOCK_UNVERIFIED),
        ({"certificate": None}, Rejection.CERTIFICATE_INVALID),
        ({"speed_kmh": 62.0}, Rejection.WITHIN_TOLERANCE),
        ({"rule": "a_rule_of_a_later_version"}, Rejection.NO_LAW),
        ({"rule": ViolationRule.RED_LIGHT}, Rejection.NO_LAW),
        ({"measurement": crossed_at_red()}, Rejection.NO_LAW),
        (
            {"rule": ViolationRule.RED_LIGHT, "measurement": crossed_at_red(after_s=0.5)},
            Rejection.WITHIN_TOLERANCE,
        ),
    ],
)
def test_what_no_read_can_help_is_rejected_before_any(
    changes: dict[str, object], reason: Rejection
) -> None:
    assert assess(violation(**changes), LAW) is reason  # type: ignore[arg-type]


def test_a_finding_is_priced_by_its_rule() -> None:
    found = priced(rule=ViolationRule.RED_LIGHT, measurement=crossed_at_red())
    assert (found.price.offence.code, found.price.amount_rial) == ("2004", 2_000_000)


def test_the_law_of_the_violations_day_prices_it_whenever_it_is_assessed() -> None:
    book = LawBook(FIXTURE)
    dearer = tuple(replace(each, amount_rial=9_000_000) for each in FIXTURE.tariffs)
    book.publish(Published(1, JalaliDay(1405, 9, 1), replace(FIXTURE, tariffs=dearer)))
    before = assess(violation(), book)
    after = assess(violation(captured_at=CAPTURED_AT + timedelta(days=2)), book)
    assert isinstance(before, Priced)
    assert isinstance(after, Priced)
    assert (before.price.amount_rial, after.price.amount_rial) == (2_000_000, 9_000_000)
