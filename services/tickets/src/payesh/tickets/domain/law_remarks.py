"""Remarks on a law table, faults and doubts alike: a kind and the values that it names."""

from dataclasses import dataclass

_ENGLISH = {
    # faults: no case may be priced with the table
    "unknown-rule": "offence {}: no rule is called {}",
    "code-without-offence": "a tariff prices code {}, which no offence has",
    "unknown-season": "tariff of {}: no season is called {}",
    "unknown-vehicle": "tariff of {}: no vehicle class is called {}",
    "tariff-backwards": "a tariff of {} ends before it begins",
    "tolerance-backwards": "the tolerance of {} km/h ends before it begins",
    "empty-range": "offence {}: nothing lies above {} and at most at {} km/h",
    "offences-overlap": "offences {} and {} cover the same excess of {}",
    "seasons-overlap": "seasons {} and {} share a name or a day",
    "priced-twice": "code {} is priced twice for the same case from the same day",
    "tolerances-same-day": "two tolerances begin on the same day {}",
    "terms-backwards": "the deadlines from {} end before they begin",
    "terms-same-day": "two rows of deadlines begin on the same day {}",
    "placeholder-known": "offence of {}: code {} stands for one that is unknown, and no other does",
    # doubts: whoever approves the table has to have seen them
    "past": "it rules from a day that has passed: what was drafted keeps its price",
    "code-unknown": "the code of {} is unknown ({}): no such case is issued",
    "no-amount": "no amount: {}; no such case is issued",
    "no-terms": "no deadlines to pay and to object: no owner can be notified",
    "no-row": "code {} has no row for place class {}",
    "two-rows": "{}: two rows have {}; the later one rules",
    "days-without-row": "{}: no row between {} and {}",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """`str` of it is English; how it is written for people is data of the pages."""

    kind: str
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        return _ENGLISH[self.kind].format(*self.values)


def remark(kind: str, *values: object) -> Remark:
    """Raises KeyError for a kind without words."""
    _ = _ENGLISH[kind]
    return Remark(kind, tuple(map(str, values)))
