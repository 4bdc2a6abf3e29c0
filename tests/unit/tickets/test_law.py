"""What the law table promises: a price for a day, or that there is none."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from payesh.contracts.vocabulary import ViolationRule
from payesh.detect.domain.rules.registry import RULES
from payesh.tickets.adapters.law_file import read_law
from payesh.tickets.domain.assessment import Offence, assess_offence
from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.domain.law import ANY, LawTable, Period, Price, Tariff, Tolerance
from payesh.tickets.domain.law_book import LawBook, Published
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.domain.rules import ASSESSORS, AsFound, Happening, Quantity
from payesh.tickets.errors import LawTableInvalid
from payesh.tickets.jalali import jalali_day

DAY = JalaliDay(1405, 8, 29)
SEEN = frozenset({"signal", "crossings"})
DIRECTION = frozenset({"direction"})
FIXTURE = read_law(None)


def tariff(amount: int | None, first: JalaliDay | None, last: JalaliDay | None = None) -> Tariff:
    return Tariff("2002", Period(first, last), "A", ANY, ANY, amount, f"decree of {first}", "")


def amount(table: LawTable, day: JalaliDay = DAY, *, vehicle: str = "car") -> int | None:
    price = table.price("speeding", 40.0, day=day, place_class="A", vehicle_class=vehicle)
    assert price is not None
    return price.amount_rial


def speed(lower_bound: float) -> Quantity:
    return Quantity("speed_kmh", lower_bound, 60.0)


def offence(**changes: object) -> Offence:
    moment = datetime(2026, 11, 20, 9, 31, tzinfo=UTC)
    lawful = Offence(
        rule="speeding",
        measured=speed(96.9),
        captured_at=moment,
        captured_on=jalali_day(moment),
        clock_verified=True,
        certificate_valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        certificate_valid_to=datetime(2027, 1, 1, tzinfo=UTC),
        place_class="A",
        vehicle_class="car",
    )
    return replace(lawful, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("excess_kmh", "code"),
    [(0.1, "0000"), (30.0, "0000"), (30.1, "2002"), (50.0, "2002"), (50.1, "2001")],
)
def test_the_excess_of_the_lower_bound_chooses_the_offence(excess_kmh: float, code: str) -> None:
    found = FIXTURE.offence("speeding", excess_kmh)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(("place", "rial"), [("A", 2_000_000), ("B", 1_800_000), ("C", 1_000_000)])
def test_the_place_chooses_the_column(place: str, rial: int) -> None:
    price = FIXTURE.price("speeding", 40.0, day=DAY, place_class=place, vehicle_class="car")
    assert price is not None
    assert price.amount_rial == rial


@pytest.mark.parametrize("excess_kmh", [12.0, 61.0])
def test_an_amount_that_no_source_gives_stays_missing(excess_kmh: float) -> None:
    price = FIXTURE.price("speeding", excess_kmh, day=DAY, place_class="A", vehicle_class="car")
    assert price is not None
    assert price.amount_rial is None


def test_a_case_is_priced_by_the_tariff_in_force_on_its_day() -> None:
    table = replace(
        FIXTURE,
        tariffs=(
            tariff(2, JalaliDay(1399, 1, 1), JalaliDay(1402, 12, 29)),
            tariff(3, JalaliDay(1403, 1, 1)),
        ),
    )
    assert amount(table, JalaliDay(1402, 12, 29)) == 2
    assert amount(table, JalaliDay(1403, 1, 1)) == 3
    assert (
        table.price(
            "speeding", 40.0, day=JalaliDay(1398, 12, 29), place_class="A", vehicle_class="car"
        )
        is None
    )


def test_a_season_that_runs_over_new_year_prices_its_days_only() -> None:
    nowruz = replace(tariff(27, JalaliDay(1404, 1, 1)), season="nowruz")
    table = replace(FIXTURE, tariffs=(tariff(20, None), nowruz))
    for day in (JalaliDay(1404, 12, 25), JalaliDay(1405, 1, 1), JalaliDay(1405, 1, 15)):
        assert amount(table, day) == 27
    for day in (JalaliDay(1404, 12, 24), JalaliDay(1405, 1, 16), DAY):
        assert amount(table, day) == 20


def test_a_tariff_for_a_vehicle_class_counts_before_the_general_one() -> None:
    table = replace(
        FIXTURE, tariffs=(tariff(20, None), replace(tariff(30, None), vehicle_class="truck"))
    )
    assert amount(table, vehicle="truck") == 30
    assert amount(table, vehicle="car") == 20


def test_a_published_tolerance_holds_from_its_day_on() -> None:
    from_1405 = Tolerance(Period(JalaliDay(1405, 1, 1), None), 5.0, "published")
    table = replace(FIXTURE, tolerances=(*FIXTURE.tolerances, from_1405))
    assert assess_offence(offence(measured=speed(65.0)), table) is Rejection.WITHIN_TOLERANCE
    assert isinstance(assess_offence(offence(measured=speed(65.1)), table), Price)
    before = offence(measured=speed(65.0), captured_on=JalaliDay(1404, 12, 29))
    assert isinstance(assess_offence(before, table), Price)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"clock_verified": False}, Rejection.CLOCK_UNVERIFIED),
        ({"certificate_valid_from": None}, Rejection.CERTIFICATE_INVALID),
        ({"certificate_valid_to": datetime(2026, 11, 20, tzinfo=UTC)}, "certificate_invalid"),
        ({"measured": speed(60.0)}, Rejection.WITHIN_TOLERANCE),
        ({"rule": "honking"}, Rejection.NO_LAW),
        ({"rule": "forbidden_stopping", "measured": Happening(1.0, DIRECTION)}, Rejection.NO_LAW),
        ({"rule": "red_light"}, Rejection.NO_LAW),
        ({"rule": "red_light", "measured": Happening(1.0)}, Rejection.NO_LAW),
        ({"rule": "red_light", "measured": Happening(1.0, SEEN - {"crossings"}, "red")}, "no_law"),
        ({"rule": "red_light", "measured": Happening(1.0, SEEN - {"signal"})}, Rejection.NO_LAW),
        ({"rule": "red_light", "measured": Happening(1.0, SEEN, "green")}, Rejection.NO_LAW),
        ({"rule": "red_light", "measured": Happening(1.0, SEEN, "not_seen")}, Rejection.NO_LAW),
        ({"measured": Happening(1.0)}, Rejection.NO_LAW),
        ({"measured": Quantity("gap_m", 96.9, 60.0)}, Rejection.NO_LAW),
        (
            {"rule": "red_light", "measured": Happening(0.0, SEEN, "red")},
            Rejection.WITHIN_TOLERANCE,
        ),
    ],
)
def test_no_citation_stands_on_a_doubtful_clock_device_bound_or_law(
    changes: dict[str, object], reason: str
) -> None:
    assert assess_offence(offence(**changes), FIXTURE) == reason


def happened(rule: str) -> Happening | Quantity:
    """Of a rule, a measurement that lacks nothing and lies far beyond doubt."""
    assessor = ASSESSORS[rule]
    if isinstance(assessor, AsFound):
        return Happening(1.0, frozenset(group[0] for group in assessor.needs), assessor.lamp)
    return speed(96.9)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_each_rule_that_is_judged_has_a_row_of_law_or_is_rejected_as_no_law(rule: str) -> None:
    """With any table: without a row for it, and with one."""
    seen = offence(rule=rule, measured=happened(rule))
    rows = [each for each in FIXTURE.offences if each.rule == rule]
    result = assess_offence(seen, FIXTURE)
    assert isinstance(result, Price) if rows else result is Rejection.NO_LAW
    others = tuple(each for each in FIXTURE.offences if each.rule != rule)
    assert assess_offence(seen, replace(FIXTURE, offences=others)) is Rejection.NO_LAW
    row = replace(FIXTURE.offences[-1], rule=rule, code="2002")
    priced = replace(FIXTURE, offences=(*others, row), tariffs=(tariff(5, None),))
    found = assess_offence(seen, priced)
    assert isinstance(found, Price)
    assert found.amount_rial == 5


@pytest.mark.parametrize("rule", ["stop_line", "wrong_way", "forbidden_turn", "forbidden_stopping"])
def test_an_offence_without_a_known_code_is_drafted_and_held(rule: str) -> None:
    found = assess_offence(offence(rule=rule, measured=happened(rule)), FIXTURE)
    assert isinstance(found, Price)
    assert (found.offence.rule, found.amount_rial, found.is_issuable) == (rule, None, False)
    assert not found.offence.code_known


_PACKAGED = json.loads(
    (Path(read_law.__code__.co_filename).parents[1] / "law/fixture-1399.json").read_text()
)
_OFFENCE, _TARIFF = _PACKAGED["offences"][1], _PACKAGED["tariffs"][0]
_TOLERANCE = _PACKAGED["tolerances"][0]
_NOWRUZ = _PACKAGED["seasons"][0]
_LATER = {"first": "1405-01-01", "amount_rial": 2_700_000}
# Each is one row more in the shipped table.
_MISTAKES = {
    "a season that is not declared": ("tariffs", _TARIFF | _LATER | {"season": "nowrooz"}),
    "a vehicle class that no vehicle has": ("tariffs", _TARIFF | {"vehicle_class": "trucks"}),
    "a code that no offence has": ("tariffs", _TARIFF | {"code": "2003"}),
    "a rule that does not exist": ("offences", _OFFENCE | {"code": "2003", "rule": "speding"}),
    "a price that ends before it begins": ("tariffs", _TARIFF | _LATER | {"last": "1404-12-29"}),
    "a case priced twice": ("tariffs", _TARIFF | {"amount_rial": 1}),
    "an excess under two codes": (
        "offences",
        _OFFENCE | {"code": "2002", "over_kmh_above": 40, "over_kmh_to": 45},
    ),
    "a range that nothing lies in": (
        "offences",
        _OFFENCE | {"code": "2002", "over_kmh_above": 30, "over_kmh_to": 0},
    ),
    "two tolerances from one day": ("tolerances", _TOLERANCE | {"tolerance_kmh": 10.0}),
    "a tolerance that ends before it begins": (
        "tolerances",
        _TOLERANCE | {"first": "1405-01-01", "last": "1404-01-01"},
    ),
    "a day in two seasons": (
        "seasons",
        _NOWRUZ | {"name": "spring", "first_month_day": "01-10", "last_month_day": "02-31"},
    ),
    "one season with two meanings": (
        "seasons",
        _NOWRUZ | {"first_month_day": "06-01", "last_month_day": "06-10"},
    ),
}


@pytest.mark.parametrize("mistake", _MISTAKES)
def test_a_table_that_would_price_wrongly_unnoticed_is_refused(
    mistake: str, tmp_path: Path
) -> None:
    part, row = _MISTAKES[mistake]
    with pytest.raises(LawTableInvalid) as refused:
        read_law(_edited(tmp_path, part, row))
    assert ";" not in str(refused.value)  # this fault and no other


def test_rows_that_differ_in_season_vehicle_or_first_day_are_a_table(tmp_path: Path) -> None:
    table = read_law(_edited(tmp_path, "tariffs", _TARIFF | _LATER | {"season": "nowruz"}))
    assert amount(table, JalaliDay(1405, 1, 10)) == 2_700_000
    assert amount(table) == 2_000_000
    read_law(_edited(tmp_path, "tariffs", _TARIFF | {"vehicle_class": "truck"}))
    read_law(_edited(tmp_path, "tariffs", _TARIFF | _LATER))
    read_law(_edited(tmp_path, "tolerances", _TOLERANCE | {"first": "1405-01-01"}))
    summer = {"name": "summer", "first_month_day": "04-01", "last_month_day": "06-31"}
    read_law(_edited(tmp_path, "seasons", summer))


def _edited(folder: Path, part: str, row: dict[str, Any]) -> Path:
    edited = folder / "law.json"
    edited.write_text(json.dumps(_PACKAGED | {part: [*_PACKAGED[part], row]}))
    return edited


def test_a_finding_is_priced_by_the_row_of_its_rule() -> None:
    price = assess_offence(offence(rule="red_light", measured=Happening(0.1, SEEN, "red")), FIXTURE)
    assert isinstance(price, Price)
    assert (price.offence.code, price.amount_rial) == ("2004", 2_000_000)


def test_every_published_rule_has_an_assessor() -> None:
    assert set(ViolationRule) <= ASSESSORS.keys()
    assert all(assessor.shows for assessor in ASSESSORS.values())
    findings = [each for each in ASSESSORS.values() if isinstance(each, AsFound)]
    assert len(findings) == 9
    assert all(each.excess_kmh(Happening(1.0)) is None for each in findings)


def test_a_day_is_priced_by_the_table_in_force_on_it_and_the_law_changes_while_running() -> None:
    book = LawBook(FIXTURE)
    assert book.law_on(DAY) is FIXTURE
    decree = replace(FIXTURE, name="decree of 1406")
    book.publish(Published(1, JalaliDay(1406, 1, 1), decree))
    assert book.law_on(JalaliDay(1405, 12, 29)) is FIXTURE
    assert book.law_on(JalaliDay(1406, 1, 1)) is decree
    assert book.law_on(JalaliDay(1407, 1, 1)) is decree
    corrected = replace(decree, warning="corrected")
    book.publish(Published(2, JalaliDay(1406, 1, 1), corrected))
    assert book.law_on(JalaliDay(1406, 1, 1)) is corrected
    assert [first for first, _ in book.begins()] == [JalaliDay(1406, 1, 1), None]
    # A reader that asked before the correction was approved comes late with what it read.
    book.publish(Published(1, JalaliDay(1406, 1, 1), decree))
    assert book.law_on(JalaliDay(1406, 1, 1)) is corrected
    assert book.number == 2
