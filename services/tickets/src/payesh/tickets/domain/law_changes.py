"""What an edition of the law changes against another, and what in it is open to doubt.

Doubts are no faults (`law_faults.py`): a table that leaves a case without an amount is sound, and
may be what its source says. Whoever approves it has to have seen them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from payesh.tickets.domain.jalali_day import JalaliDay, jalali_text
from payesh.tickets.domain.law import ANY, LawTable, Period, Tariff
from payesh.tickets.domain.law_remarks import Remark, remark

PLACE_CLASSES = ("A", "B", "C")


@dataclass(frozen=True, slots=True)
class Change:
    """One row that differs. `before` or `after` is None where the row is new, or gone."""

    kind: str
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def changes_between(before: LawTable, after: LawTable) -> list[Change]:
    """Rows that were added, removed or changed, by kind and then by what a row is known by."""
    return [
        *_changed("season", before.seasons, after.seasons, lambda row: row.name),
        *_changed("offence", before.offences, after.offences, _offence_key),
        *_changed("tariff", before.tariffs, after.tariffs, _tariff_key),
        *_changed(
            "tolerance", before.tolerances, after.tolerances, lambda row: _day(row.period.first)
        ),
        *_changed("term", before.terms, after.terms, lambda row: _day(row.period.first)),
    ]


def doubts_of(table: LawTable) -> Iterator[Remark]:
    """Each doubt: codes that are unknown or have no amount, cases without any row, and
    days between rows, or in two of them."""
    for offence in table.offences:
        if not offence.code_known:
            yield remark("code-unknown", offence.rule, offence.code)
    for tariff in table.tariffs:
        if tariff.amount_rial is None:
            yield remark("no-amount", _tariff_key(tariff))
    priced = defaultdict(list)
    for tariff in table.tariffs:
        priced[tariff.code].append(tariff)
    for code in sorted({each.code for each in table.offences}):
        places = {each.place_class for each in priced[code]}
        if ANY not in places:
            for place in PLACE_CLASSES:
                if place not in places:
                    yield remark("no-row", code, place)
    if not table.terms:
        yield remark("no-terms")
    yield from _between(table.tariffs)


def _between(tariffs: Iterable[Tariff]) -> Iterator[Remark]:
    """Rows of one case that leave days out, or share them: of shared days the later row rules."""
    cases = defaultdict(list)
    for tariff in tariffs:
        case = (tariff.code, tariff.place_class, tariff.vehicle_class, tariff.season)
        cases[case].append(tariff.period)
    for case, periods in sorted(cases.items()):
        ordered = sorted(periods, key=lambda each: each.first or JalaliDay(0, 0, 0))
        for earlier, later in pairwise(ordered):
            if later.first is None:
                continue
            name = " ".join(case)
            if earlier.last is None or earlier.last >= later.first:
                yield remark("two-rows", name, jalali_text(later.first))
            elif not _follows(earlier.last, later.first):
                days = jalali_text(earlier.last), jalali_text(later.first)
                yield remark("days-without-row", name, *days)


def _follows(last: JalaliDay, first: JalaliDay) -> bool:
    """Whether `first` may be the day after `last`. Months have 31, 30 or 29 days: a first day of a
    month follows any day from the 29th on."""
    if (first.year, first.month) == (last.year, last.month):
        return first.day == last.day + 1
    months = (first.year * 12 + first.month) - (last.year * 12 + last.month)
    return months == 1 and first.day == 1 and last.day >= 29


def _changed(
    kind: str, before: Iterable[Any], after: Iterable[Any], key: Callable[[Any], str]
) -> list[Change]:
    old, new = {key(row): row for row in before}, {key(row): row for row in after}
    return [
        Change(kind, each, _fields(old.get(each)), _fields(new.get(each)))
        for each in sorted(old.keys() | new.keys())
        if old.get(each) != new.get(each)
    ]


def _fields(row: object | None) -> dict[str, Any] | None:
    if row is None:
        return None
    fields = dict(vars(row))
    period: Period | None = fields.pop("period", None)
    if period is not None:
        fields |= {"first": _day(period.first), "last": _day(period.last)}
    return fields


def _offence_key(row: Any) -> str:
    above = "" if row.over_kmh_above is None else f" over {row.over_kmh_above:g}"
    return f"{row.rule}{above}"


def _tariff_key(row: Tariff) -> str:
    case = (row.code, row.place_class, row.vehicle_class, row.season)
    return f"{' '.join(case)} from {_day(row.period.first) or 'ever'}"


def _day(day: JalaliDay | None) -> str:
    return "" if day is None else jalali_text(day)
