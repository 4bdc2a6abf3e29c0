"""What the supervisor's page shows: text alone, ready to be written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from payesh.tickets.adapters.stored_citation import PlacedHold, StoredCitation
from payesh.tickets.adapters.suspensions import Suspension
from payesh.tickets.adapters.warning_periods import StoredPeriod
from payesh.tickets.domain.holds import HoldKind
from payesh.tickets.domain.jalali_day import jalali_text
from payesh.tickets.domain.second_look import WrongfulRate
from payesh.tickets.handlers.overseeing import Oversight, Rates
from payesh.tickets.pages.holds import HoldCard, hold_card
from payesh.tickets.pages.persian import (
    persian_digits,
    persian_number,
    persian_short_date,
    persian_time,
)
from payesh.tickets.pages.plates import PlateCard, plate_card
from payesh.tickets.pages.wording import word

_HELD = {
    HoldKind.CLASS_MISMATCH: "پلاک ناسازگار با خودرو",
    HoldKind.CLONED_PLATE: "گمان پلاک جعلی",
    HoldKind.READERS_DISAGREE: "ناهم‌خوانی دو خواننده",
    HoldKind.SECOND_READING_MISSING: "بی‌خوانش دوم",
}


@dataclass(frozen=True, slots=True)
class FigureCard:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class RateCard:
    name: str
    share: str
    interval: str
    cases: str


@dataclass(frozen=True, slots=True)
class OfficerCard:
    name: str
    issued: str
    rejected: str
    returned: str
    undone: str


@dataclass(frozen=True, slots=True)
class SuspensionCard:
    camera_id: str
    county: str
    since: str
    rate: str
    lifted: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class PeriodCard:
    """`ended` is how it ended before its last day; None while it was not."""

    id: str
    camera_id: str
    county: str
    days: str
    reason: str
    by: str
    ended: str | None


@dataclass(frozen=True, slots=True)
class CaseCard:
    id: str
    rule: str
    county: str
    date: str
    note: str | None


@dataclass(frozen=True, slots=True)
class HeldCard:
    id: str
    plate: PlateCard | None
    rule: str
    county: str
    hold: HoldCard


@dataclass(frozen=True, slots=True)
class OversightCard:
    waiting: Sequence[FigureCard]
    held: Sequence[FigureCard]
    looks: Sequence[FigureCard]
    officers: Sequence[OfficerCard]
    rates: Sequence[tuple[str, Sequence[RateCard]]]
    suspensions: Sequence[SuspensionCard]
    periods: Sequence[PeriodCard]
    returned: Sequence[CaseCard]
    disputed: Sequence[CaseCard]
    doubtful: Sequence[HeldCard]


def _period(period: StoredPeriod) -> PeriodCard:
    about = period.about
    days = " تا ".join(jalali_text(day).replace("-", "/") for day in (about.first, about.last))
    ended = None
    if period.ended_at is not None:
        ended = f"{persian_short_date(period.ended_at)}: {period.note}"
    return PeriodCard(
        str(period.period_id),
        about.camera_id,
        word("counties", about.county),
        persian_digits(days),
        about.reason,
        period.begun_by,
        ended,
    )


def oversight_card(found: Oversight) -> OversightCard:
    waits, looks = found.backlog, found.looks
    oldest = waits.oldest_at
    return OversightCard(
        waiting=[
            FigureCard("پیش‌نویس در انتظار", _count(waits.drafts)),
            FigureCard("بیش از یک روز", _count(waits.over_a_day)),
            FigureCard("بیش از یک هفته", _count(waits.over_a_week)),
            FigureCard("قدیمی‌ترین", persian_short_date(oldest) if oldest else "—"),
            FigureCard("تصمیم هنوز قطعی نشده", _count(waits.decided)),
        ],
        held=[
            FigureCard("بی‌مبلغ یا بی‌کد", _count(waits.unpriced)),
            FigureCard("دوربین تعلیق", _count(waits.suspended)),
            FigureCard("خودروی معاف", _count(waits.exempt)),
            *(
                FigureCard(_HELD[kind], _count(found.held_by_kind.get(kind, 0)))
                for kind in HoldKind
            ),
            FigureCard("بازگردانده به سرپرست", _count(waits.returned)),
            FigureCard("پلاک اصلاح‌شده، منتظر مأمور دوم", _count(waits.corrected)),
        ],
        looks=[
            FigureCard("در انتظار بازبینی", _count(looks.waiting)),
            FigureCard("بی‌بازبینی گذشته", _count(looks.lapsed)),
            FigureCard("بازبینی‌شده", _count(looks.looked)),
            FigureCard("هم‌رأیی", _percent(looks.agreed / looks.looked) if looks.looked else "—"),
        ],
        officers=[
            OfficerCard(
                each.officer,
                _count(each.issued),
                _count(each.rejected),
                _count(each.returned),
                _count(each.undone),
            )
            for each in found.throughput
        ],
        rates=[
            ("دوربین", _rates(found.of_cameras, str)),
            ("تخلف", _rates(found.of_rules, lambda rule: word("rules", rule))),
            ("مأمور", _rates(found.of_officers, str)),
        ],
        suspensions=[_suspension(each) for each in found.suspensions],
        periods=[_period(each) for each in found.periods],
        returned=[_case(each) for each in found.returned],
        disputed=[_case(each) for each in found.disputed],
        doubtful=[_held(citation, hold) for citation, hold in found.held],
    )


def _rates(rates: Rates, named: Callable[[str], str]) -> Sequence[RateCard]:
    return [
        RateCard(
            named(name),
            _percent(rate.value or 0.0),
            _interval(rate),
            f"{_count(rate.wrongful)} از {_count(rate.looked)}",
        )
        for name, rate in rates
    ]


def _suspension(found: Suspension) -> SuspensionCard:
    lifted = found.lifted_at
    return SuspensionCard(
        camera_id=found.camera_id,
        county=word("counties", found.county),
        since=f"{persian_short_date(found.began_at)}، {persian_time(found.began_at)}",
        rate=f"{_count(found.rate.wrongful)} از {_count(found.rate.looked)}، "
        f"{_interval(found.rate)}",
        lifted=None if lifted is None else f"{persian_short_date(lifted)}، {persian_time(lifted)}",
        note=found.note,
    )


def _case(citation: StoredCitation) -> CaseCard:
    return CaseCard(
        id=str(citation.citation_id),
        rule=word("rules", citation.rule),
        county=word("counties", citation.county),
        date=persian_short_date(citation.captured_at),
        note=citation.standing.note,
    )


def _held(citation: StoredCitation, hold: PlacedHold) -> HeldCard:
    plate = citation.standing.plate_text
    return HeldCard(
        id=str(citation.citation_id),
        plate=plate_card(plate) if plate else None,
        rule=word("rules", citation.rule),
        county=word("counties", citation.county),
        hold=hold_card(hold),
    )


def _count(number: int) -> str:
    return persian_digits(str(number))


def _percent(share: float) -> str:
    return f"{persian_number(100 * share, 1)}٪"


def _interval(rate: WrongfulRate) -> str:
    low, high = rate.interval
    return f"{_percent(low)} تا {_percent(high)}"
