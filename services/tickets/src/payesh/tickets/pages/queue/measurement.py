"""The measurement of a violation as the page shows it: a speed with its bounds, or facts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from payesh.contracts.values import Finding, MeasuredQuantity
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.domain.rules import ASSESSORS
from payesh.tickets.pages.persian import isolated, persian_number, persian_time
from payesh.tickets.pages.wording import word

_GAUGE_WIDTH = 600.0
_SPEEDS = {"speed_kmh": "سرعت", "average_speed_kmh": "سرعت متوسط"}


@dataclass(frozen=True, slots=True)
class Gauge:
    """Positions along a line of 600 units, from 0 km/h at the left."""

    limit_x: float
    low_x: float
    value_x: float
    high_x: float
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class SpeedCard:
    """All numbers in Persian digits, km/h; `name` is the speed's."""

    name: str
    value: str
    u95: str
    limit: str
    lower: str
    upper: str
    excess: str
    gauge: Gauge


@dataclass(frozen=True, slots=True)
class FindingCard:
    """Facts as label and text, in the order that the rule names them; the margin last."""

    facts: tuple[tuple[str, str], ...]


def speed_card(citation: StoredCitation) -> SpeedCard | None:
    """None for a citation that rests on no speed."""
    measured = citation.measurement
    if not isinstance(measured, MeasuredQuantity) or measured.quantity not in _SPEEDS:
        return None
    upper = measured.value + measured.u95
    top = max(upper * 1.1, measured.limit * 1.4)
    step = 20 if top <= 160 else 40
    return SpeedCard(
        name=_SPEEDS[measured.quantity],
        value=persian_number(measured.value, 1),
        u95=persian_number(measured.u95, 1),
        limit=persian_number(measured.limit),
        lower=persian_number(measured.lower_bound, 1),
        upper=persian_number(upper, 1),
        excess=persian_number(measured.lower_bound - measured.limit, 1),
        gauge=Gauge(
            limit_x=_along(measured.limit, top),
            low_x=_along(measured.lower_bound, top),
            value_x=_along(measured.value, top),
            high_x=_along(upper, top),
            ticks=tuple(
                (_along(speed, top), persian_number(speed))
                for speed in range(0, int(top) + 1, step)
            ),
        ),
    )


def finding_card(citation: StoredCitation) -> FindingCard | None:
    """None for a citation that rests on no finding. A fact that the rule's assessor does not name
    is not shown; the manifest has them all."""
    found = citation.measurement
    if not isinstance(found, Finding):
        return None
    assessor = ASSESSORS.get(citation.rule)
    named = _FACTS if assessor is None else [each for each in assessor.shows if each in _FACTS]
    facts = [line for name in named for line in _FACTS[name](found)]
    return FindingCard((*facts, _margin(found)))


def _signal(found: Finding) -> Iterator[tuple[str, str]]:
    if (signal := found.facts.signal) is not None:
        lamp, since = word("lamps", signal.lamp), persian_time(signal.since, tenths=True)
        within = persian_number(signal.since_u95_ms)
        yield (
            f"چراغ {isolated(signal.signal_head)}",
            f"{lamp} از ساعت {since} (عدم‌قطعیت {within} هزارم ثانیه)",
        )


def _crossings(found: Finding) -> Iterator[tuple[str, str]]:
    for crossing in found.facts.crossings:
        at, within = persian_time(crossing.crossed_at, tenths=True), persian_number(crossing.u95_ms)
        yield (
            f"عبور از خط {isolated(crossing.line)}",
            f"ساعت {at} (عدم‌قطعیت {within} هزارم ثانیه)",
        )


def _stay(found: Finding) -> Iterator[tuple[str, str]]:
    if (stay := found.facts.stay) is not None:
        entered = persian_time(stay.entered_at, tenths=True)
        left = "پایان فیلم" if stay.left_at is None else persian_time(stay.left_at, tenths=True)
        yield f"در محدودهٔ {isolated(stay.region)}", f"از ساعت {entered} تا {left}"
        if stay.stationary_ms is not None:
            yield "بی‌حرکت", f"{persian_number(stay.stationary_ms / 1000, 1)} ثانیه"


def _direction(found: Finding) -> Iterator[tuple[str, str]]:
    if (direction := found.facts.direction) is not None:
        heading, permitted = (
            persian_number(each) for each in (direction.heading_deg, direction.permitted_deg)
        )
        within = persian_number(direction.u95_deg)
        yield "جهت حرکت", f"{heading} درجه (عدم‌قطعیت {within})؛ جهت مجاز {permitted} درجه"
        if direction.distance_m is not None:
            yield "مسافت در این جهت", f"{persian_number(direction.distance_m, 1)} متر"


def _margin(found: Finding) -> tuple[str, str]:
    margin = found.margin
    unit = word("units", margin.quantity.rpartition("_")[2])
    lower, value, within, grace = (
        persian_number(each, 0 if each.is_integer() else 1)
        for each in (margin.lower_bound, margin.value, margin.u95, margin.grace)
    )
    return (
        "دست‌کم فراتر از قاعده",
        f"{lower} {unit}: {value} منهای عدم‌قطعیت {within} و ارفاق {grace}",
    )


_FACTS: dict[str, Callable[[Finding], Iterator[tuple[str, str]]]] = {
    "signal": _signal,
    "crossings": _crossings,
    "stay": _stay,
    "direction": _direction,
}
"""Name of a fact to the lines that show it."""


def _along(speed: float, top: float) -> float:
    return round(_GAUGE_WIDTH * speed / top, 1)
