"""Faults by which a law table would price a case wrongly, or by the accident of its order.

A misspelt season, code or class fits no case: the cases it was meant for would silently be priced
by the general row. Two rows that fit a case equally well leave the amount to the file's order.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator
from itertools import combinations
from math import inf

from payesh.tickets.domain.law import ANY, LawTable, OffenceClass, Period, Season

_MONTHS, _DAYS = range(1, 13), range(1, 32)


def faults_of(
    table: LawTable, *, rules: Collection[str], vehicle_classes: Collection[str]
) -> Iterator[str]:
    """Each fault in words; `rules` and `vehicle_classes` are all that a violation can name."""
    yield from _misspelt(table, rules, vehicle_classes)
    yield from _backwards(table)
    yield from _ambiguous(table)


def _misspelt(
    table: LawTable, rules: Collection[str], vehicle_classes: Collection[str]
) -> Iterator[str]:
    seasons = {ANY, *(each.name for each in table.seasons)}
    codes = {each.code for each in table.offences}
    for offence in table.offences:
        if offence.rule not in rules:
            yield f"offence {offence.code}: no rule is called {offence.rule}"
    for tariff in table.tariffs:
        if tariff.code not in codes:
            yield f"a tariff prices code {tariff.code}, which no offence has"
        if tariff.season not in seasons:
            yield f"tariff of {tariff.code}: no season is called {tariff.season}"
        if tariff.vehicle_class not in (ANY, *vehicle_classes):
            yield f"tariff of {tariff.code}: no vehicle class is called {tariff.vehicle_class}"


def _backwards(table: LawTable) -> Iterator[str]:
    for tariff in table.tariffs:
        if _is_backwards(tariff.period):
            yield f"a tariff of {tariff.code} ends before it begins"
    for tolerance in table.tolerances:
        if _is_backwards(tolerance.period):
            yield f"the tolerance of {tolerance.tolerance_kmh} km/h ends before it begins"
    for offence in table.offences:
        above, to = _range(offence)
        if above >= to:
            yield f"offence {offence.code}: nothing lies above {above} and at most at {to} km/h"


def _ambiguous(table: LawTable) -> Iterator[str]:
    for one, other in combinations(table.offences, 2):
        (above, to), (other_above, other_to) = _range(one), _range(other)
        if one.rule == other.rule and above < other_to and other_above < to:
            yield f"offences {one.code} and {other.code} cover the same excess of {one.rule}"
    for season, next_season in combinations(table.seasons, 2):
        if season.name == next_season.name or _share_a_day(season, next_season):
            yield f"seasons {season.name} and {next_season.name} share a name or a day"
    for code, *_ in _repeated(
        (each.code, each.place_class, each.vehicle_class, each.season, each.period.first)
        for each in table.tariffs
    ):
        yield f"code {code} is priced twice for the same case from the same day"
    for day in _repeated((each.period.first,) for each in table.tolerances):
        yield f"two tolerances begin on the same day {day[0]}"


def _is_backwards(period: Period) -> bool:
    return period.first is not None and period.last is not None and period.last < period.first


def _range(offence: OffenceClass) -> tuple[float, float]:
    above, to = offence.over_kmh_above, offence.over_kmh_to
    return -inf if above is None else above, inf if to is None else to


def _share_a_day(one: Season, other: Season) -> bool:
    days = ((month, day) for month in _MONTHS for day in _DAYS)
    return any(one.holds(each) and other.holds(each) for each in days)


def _repeated(cases: Iterable[tuple[Hashable, ...]]) -> Iterator[tuple[Hashable, ...]]:
    seen: set[tuple[Hashable, ...]] = set()
    for case in cases:
        if case in seen:
            yield case
        seen.add(case)
