"""Faults by which a law table would price a case wrongly, or by the accident of its order.

A misspelt season, code or class fits no case: the cases it was meant for would silently be priced
by the general row. Two rows that fit a case equally well leave the amount to the file's order.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator
from itertools import combinations
from math import inf

from payesh.tickets.domain.law import ANY, UNKNOWN_CODE, LawTable, OffenceClass, Period, Season
from payesh.tickets.domain.law_remarks import Remark, remark

_MONTHS, _DAYS = range(1, 13), range(1, 32)


def faults_of(
    table: LawTable, *, rules: Collection[str], vehicle_classes: Collection[str]
) -> Iterator[Remark]:
    """Each fault; `rules` and `vehicle_classes` are all that a violation can name."""
    yield from _misspelt(table, rules, vehicle_classes)
    yield from _backwards(table)
    yield from _ambiguous(table)


def _misspelt(
    table: LawTable, rules: Collection[str], vehicle_classes: Collection[str]
) -> Iterator[Remark]:
    seasons = {ANY, *(each.name for each in table.seasons)}
    codes = {each.code for each in table.offences}
    for offence in table.offences:
        if offence.rule not in rules:
            yield remark("unknown-rule", offence.code, offence.rule)
        if offence.code_known == (offence.code == UNKNOWN_CODE):
            yield remark("placeholder-known", offence.rule, UNKNOWN_CODE)
    for tariff in table.tariffs:
        if tariff.code not in codes:
            yield remark("code-without-offence", tariff.code)
        if tariff.season not in seasons:
            yield remark("unknown-season", tariff.code, tariff.season)
        if tariff.vehicle_class not in (ANY, *vehicle_classes):
            yield remark("unknown-vehicle", tariff.code, tariff.vehicle_class)


def _backwards(table: LawTable) -> Iterator[Remark]:
    for tariff in table.tariffs:
        if _is_backwards(tariff.period):
            yield remark("tariff-backwards", tariff.code)
    for tolerance in table.tolerances:
        if _is_backwards(tolerance.period):
            yield remark("tolerance-backwards", tolerance.tolerance_kmh)
    for terms in table.terms:
        if _is_backwards(terms.period):
            yield remark("terms-backwards", terms.period.first or "")
    for offence in table.offences:
        above, to = _range(offence)
        if above >= to:
            yield remark("empty-range", offence.code, above, to)


def _ambiguous(table: LawTable) -> Iterator[Remark]:
    for one, other in combinations(table.offences, 2):
        (above, to), (other_above, other_to) = _range(one), _range(other)
        if one.rule == other.rule and above < other_to and other_above < to:
            yield remark("offences-overlap", one.code, other.code, one.rule)
    for season, next_season in combinations(table.seasons, 2):
        if season.name == next_season.name or _share_a_day(season, next_season):
            yield remark("seasons-overlap", season.name, next_season.name)
    for code, *_ in _repeated(
        (each.code, each.place_class, each.vehicle_class, each.season, each.period.first)
        for each in table.tariffs
    ):
        yield remark("priced-twice", code)
    for day in _repeated((each.period.first,) for each in table.tolerances):
        yield remark("tolerances-same-day", day[0])
    for day in _repeated((each.period.first,) for each in table.terms):
        yield remark("terms-same-day", day[0])


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
