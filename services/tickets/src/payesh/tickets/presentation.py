"""How a citation is put before an officer: Persian words, Persian digits, Jalali dates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from payesh.contracts.values import MeasuredQuantity
from payesh.tickets.adapters.citations import StoredCitation
from payesh.tickets.domain.citation import OFFICER_REASONS, Rejection, State
from payesh.tickets.domain.clip import PLAYABLE_CODECS
from payesh.tickets.domain.law import LawTable
from payesh.tickets.domain.plate_text import CarPlate, car_plate, persian_digits, plate_colour
from payesh.tickets.jalali import persian_date, persian_short_date, persian_time

_RULES = {
    "speeding": "سرعت غیرمجاز",
    "red_light": "عبور از چراغ قرمز",
    "no_entry": "ورود ممنوع",
    "left_of_centre": "تجاوز به چپ",
    "special_lane": "تردد در خط ویژه",
    "weaving": "حرکت مارپیچ",
}
_VEHICLES = {
    "car": "سواری",
    "van": "ون",
    "bus": "اتوبوس",
    "truck": "کامیون",
    "motorcycle": "موتورسیکلت",
    "bicycle": "دوچرخه",
    "unknown": "نوع نامشخص",
}
_ROADS = {
    "freeway": "آزادراه",
    "highway": "بزرگراه",
    "main_arterial": "شریانی اصلی",
    "minor_arterial": "شریانی فرعی",
    "local": "محلی",
}
_COUNTIES = {
    "semnan": "سمنان",
    "shahrud": "شاهرود",
    "damghan": "دامغان",
    "garmsar": "گرمسار",
    "mehdishahr": "مهدیشهر",
    "sorkheh": "سرخه",
    "aradan": "آرادان",
    "meyami": "میامی",
}
_CLOCKS = {
    "rtcp": "گزارش زمان دوربین، سنجیده با ساعت مرکز",
    "device": "ساعت اعلام‌شدهٔ دستگاه ثبت تخلف",
    "declared": "زمان آغاز ضبط، اعلام‌شده هنگام بارگذاری",
    "unverified": "تأییدنشده",
}
REASONS = {
    Rejection.PLATE_WRONG: "پلاک نادرست خوانده شده است",
    Rejection.WRONG_VEHICLE: "خودروی دیگری است",
    Rejection.NO_OFFENCE: "تخلفی رخ نداده است",
    Rejection.EVIDENCE_UNCLEAR: "تصویر روشن نیست",
    Rejection.EMERGENCY_VEHICLE: "خودروی امدادی در مأموریت",
    Rejection.UNREADABLE: "پلاک خوانا نیست",
    Rejection.CLOCK_UNVERIFIED: "ساعت ثبت تأیید نشده است",
    Rejection.CERTIFICATE_INVALID: "دستگاه در زمان ثبت گواهی معتبر نداشته است",
    Rejection.WITHIN_TOLERANCE: "کمترین مقدار اندازه‌گیری از حد مجاز و رواداری آن نگذشته است",
    Rejection.EVIDENCE_MISSING: "مدرک ناقص است یا با زنجیرهٔ ضبط نمی‌خواند",
    Rejection.NO_LAW: "جدول قانون برای آن حکمی ندارد",
}
OFFICER_CHOICES = [
    (number, reason, REASONS[reason]) for number, reason in enumerate(OFFICER_REASONS, 1)
]

_GAUGE_WIDTH = 600.0


@dataclass(frozen=True)
class PlateCard:
    """A car plate as drawn; `parts` None shows the bare text of another layout."""

    text: str
    parts: CarPlate | None
    colour: str
    spoken: str


@dataclass(frozen=True)
class Gauge:
    """Positions along a line of 600 units, from 0 km/h at the left."""

    limit_x: float
    low_x: float
    value_x: float
    high_x: float
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class SpeedCard:
    """All numbers in Persian digits, km/h."""

    value: str
    u95: str
    limit: str
    lower: str
    upper: str
    excess: str
    gauge: Gauge


@dataclass(frozen=True)
class LawCard:
    code: str | None
    title: str
    amount: str | None
    decree: str
    table: str
    table_sha256: str
    warning: str


@dataclass(frozen=True)
class CitationCard:
    """What the templates show; everything is text."""

    template: ClassVar[str] = "_detail.html"

    id: str
    state: State
    rule: str
    vehicle: str
    lane: str | None
    date: str
    short_date: str
    time: str
    place: str
    county: str
    road: str
    camera_id: str
    latitude: str
    longitude: str
    plate: PlateCard
    read_percent: str
    speed: SpeedCard | None
    clock: str
    clock_u95: str
    certificate: Mapping[str, str] | None
    law: LawCard
    evidence: Mapping[str, str]
    is_video: bool
    clip_seconds: float
    is_playable: bool
    codec: str
    shots: range
    revision: str
    claimed_by: str | None
    claimed_until: str | None
    is_mine: bool
    number: str | None
    reason: str | None


@dataclass(frozen=True)
class RuleRejectionCard:
    """What is known of a citation that a rule rejected: no plate, no evidence."""

    template: ClassVar[str] = "_rule_rejection.html"

    id: str
    rule: str
    vehicle: str
    date: str
    time: str
    county: str
    road: str
    camera_id: str
    reason: str


def card_of(
    citation: StoredCitation, law: LawTable, officer: str
) -> CitationCard | RuleRejectionCard:
    if citation.evidence is None:
        return _rule_rejection_card(citation)
    return citation_card(citation, law, officer)


def _rule_rejection_card(citation: StoredCitation) -> RuleRejectionCard:
    return RuleRejectionCard(
        id=str(citation.citation_id),
        rule=_RULES.get(citation.rule, citation.rule),
        vehicle=_VEHICLES.get(citation.vehicle_class, citation.vehicle_class),
        date=persian_date(citation.captured_at),
        time=persian_time(citation.captured_at, tenths=True),
        county=_COUNTIES.get(citation.county, citation.county),
        road=_ROADS.get(citation.road_class, citation.road_class),
        camera_id=citation.camera_id,
        reason=_reason(citation.reason) or "",
    )


def citation_card(citation: StoredCitation, law: LawTable, officer: str) -> CitationCard:
    """Raises ValueError for a citation that a rule rejected: `card_of` shows those too."""
    evidence = citation.evidence
    if evidence is None or citation.law is None or citation.plate_text is None:
        raise ValueError("only drafts are put before officers")
    claimed_until = citation.standing.claimed_until
    is_claimed = citation.state is State.CLAIMED
    return CitationCard(
        id=str(citation.citation_id),
        state=citation.state,
        rule=_RULES.get(citation.rule, citation.rule),
        vehicle=_VEHICLES.get(citation.vehicle_class, citation.vehicle_class),
        lane=persian_digits(citation.lane) if citation.lane else None,
        date=persian_date(citation.captured_at),
        short_date=persian_short_date(citation.captured_at),
        time=persian_time(citation.captured_at, tenths=True),
        place=persian_digits(evidence.place_name),
        county=_COUNTIES.get(citation.county, citation.county),
        road=_ROADS.get(citation.road_class, citation.road_class),
        camera_id=citation.camera_id,
        latitude=f"{evidence.latitude:.5f}",
        longitude=f"{evidence.longitude:.5f}",
        plate=plate_card(citation.plate_text),
        read_percent=_number(100 * (citation.plate_confidence or 0.0), 0),
        speed=_speed(citation),
        clock=_CLOCKS.get(citation.clock_source, citation.clock_source),
        clock_u95=_number(citation.clock_u95_ms, 0),
        certificate=_certificate(citation.certificate),
        law=_law(citation, law),
        evidence={
            "manifest": evidence.manifest.sha256,
            "clip": evidence.clip.sha256,
            "size": _number(evidence.clip.size_bytes / 1024 / 1024, 1),
            "seconds": _number(evidence.duration_ms / 1000, 1),
            "links": _number(evidence.links_checked, 0),
            "locked_until": persian_short_date(evidence.retained_until)
            if evidence.retained_until
            else "پایان مهلت نگهداری",
        },
        clip_seconds=evidence.duration_ms / 1000,
        is_video=evidence.clip.media_type.startswith("video/"),
        is_playable=evidence.codec in PLAYABLE_CODECS,
        codec=(evidence.codec or "?").upper(),
        shots=range(len(evidence.shots)),
        revision=_number(evidence.revision, 0),
        claimed_by=citation.standing.claimed_by if is_claimed else None,
        claimed_until=persian_time(claimed_until) if is_claimed and claimed_until else None,
        is_mine=is_claimed and citation.standing.claimed_by == officer,
        number=persian_digits(citation.number) if citation.number else None,
        reason=_reason(citation.reason),
    )


def plate_card(text: str) -> PlateCard:
    parts = car_plate(text)
    if parts is None:
        shown = persian_digits(text)
        return PlateCard(shown, None, "white", shown)
    persian = CarPlate(*(persian_digits(part) for part in parts))
    spoken = f"{persian.series} {persian.letter} {persian.number} ایران {persian.region}"
    return PlateCard(text, persian, plate_colour(parts.letter), spoken)


def _speed(citation: StoredCitation) -> SpeedCard | None:
    measured = citation.measurement
    if citation.rule != "speeding" or not isinstance(measured, MeasuredQuantity):
        return None
    upper = measured.value + measured.u95
    top = max(upper * 1.1, measured.limit * 1.4)
    step = 20 if top <= 160 else 40
    return SpeedCard(
        value=_number(measured.value, 1),
        u95=_number(measured.u95, 1),
        limit=_number(measured.limit, 0),
        lower=_number(measured.lower_bound, 1),
        upper=_number(upper, 1),
        excess=_number(measured.lower_bound - measured.limit, 1),
        gauge=Gauge(
            limit_x=_along(measured.limit, top),
            low_x=_along(measured.lower_bound, top),
            value_x=_along(measured.value, top),
            high_x=_along(upper, top),
            ticks=tuple(
                (_along(speed, top), _number(speed, 0)) for speed in range(0, int(top) + 1, step)
            ),
        ),
    )


def _law(citation: StoredCitation, table: LawTable) -> LawCard:
    law = citation.law
    if law is None:
        raise ValueError("a draft always carries its law")
    # Titles come from the table in use only if it is the one that priced this citation.
    same = table.sha256 == law.table_sha256
    offence = next((o for o in table.offences if same and o.code == law.offence_code), None)
    code_known = offence is None or offence.code_known
    return LawCard(
        code=persian_digits(law.offence_code) if code_known else None,
        title=offence.title if offence else _RULES.get(citation.rule, citation.rule),
        amount=None if law.amount_rial is None else _grouped(law.amount_rial),
        decree=law.decree,
        table=table.title if same else law.table,
        table_sha256=law.table_sha256,
        warning=table.warning if same else "جدول قانون پس از این پیش‌نویس تغییر کرده است",
    )


def _certificate(stored: Mapping[str, Any] | None) -> Mapping[str, str] | None:
    if stored is None:
        return None
    starts, ends = (datetime.fromisoformat(stored[name]) for name in ("valid_from", "valid_to"))
    return {
        "number": persian_digits(stored["number"]),
        "issued_by": stored["issued_by"],
        "from": persian_short_date(starts),
        "to": persian_short_date(ends),
    }


def _reason(stored: str | None) -> str | None:
    return None if stored is None else REASONS.get(Rejection(stored), stored)


def _along(speed: float, top: float) -> float:
    return round(_GAUGE_WIDTH * speed / top, 1)


def _number(value: float, digits: int) -> str:
    return persian_digits(f"{value:.{digits}f}").replace(".", "٫")


def _grouped(amount: int) -> str:
    return persian_digits(f"{amount:,}").replace(",", "٬")
