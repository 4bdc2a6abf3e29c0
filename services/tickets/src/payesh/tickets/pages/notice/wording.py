"""What the notice says, ready to be set: text alone, in Persian."""

from datetime import UTC
from typing import Any

from payesh.tickets.evidence.notice import NoticeFacts
from payesh.tickets.pages.persian import (
    persian_amount,
    persian_date,
    persian_digits,
    persian_number,
    persian_short_date,
    persian_time,
)
from payesh.tickets.pages.plates import plate_card
from payesh.tickets.pages.queue.measurement import finding_card, speed_card
from payesh.tickets.pages.wording import word

TITLE = "اخطار جریمهٔ رانندگی"
_GROUNDS = {
    "white": ("#ffffff", "#000000"),
    "yellow": ("#f7c600", "#000000"),
    "red": ("#b3121d", "#ffffff"),
    "green": ("#0b5d2e", "#ffffff"),
    "blue": ("#1e4fa3", "#ffffff"),
    "sand": ("#d8c59a", "#000000"),
    "light-blue": ("#9cc7ea", "#000000"),
}
_CAPTIONS = {
    "vehicle": "خودرو؛ بیرون از آن و شیشه‌ها پوشانده شده است",
    "plate": "پلاک خوانده‌شده، از همان تصویر",
}
Fact = tuple[str, str, bool]
"""Label, text, and whether the text runs from left to right."""


def notice_words(facts: NoticeFacts) -> dict[str, Any]:
    """The document that `notice.typ` sets. Raises ValueError for a citation that was not issued."""
    citation = facts.citation
    standing, law, evidence = citation.standing, citation.law, citation.evidence
    plate, issued_at = standing.plate_text, standing.decided_at
    amount = None if law is None else law.amount_rial
    if not (standing.number and plate and issued_at and law and evidence) or amount is None:
        raise ValueError("only an issued citation has a notice")
    county = word("counties", citation.county)
    made = issued_at.astimezone(UTC)
    return {
        "title": TITLE,
        "publisher": "پایش",
        "made": [made.year, made.month, made.day, made.hour, made.minute, made.second],
        "office": f"پلیس راهنمایی و رانندگی · شهرستان {county}",
        "lead": "به دارندهٔ خودرو با پلاک زیر. یک مأمور مدرک را دیده و این اخطار را صادر کرده است.",
        "number": persian_digits(standing.number),
        "issued": f"صدور: {persian_date(issued_at)}",
        "offence": facts.basis.offence.title if facts.basis else word("rules", citation.rule),
        "what": [
            ("کد تخلف", persian_digits(law.offence_code), False),
            ("خودرو", word("vehicles", citation.vehicle_class), False),
            ("زمان", _moment(facts), False),
            ("محل", _place(facts, evidence.place_name), False),
        ],
        "amount": persian_amount(amount),
        "plate": _plate(plate),
        "price": [("مستند", law.decree, False)],
        "pictures": [
            {
                "file": f"{number}.jpg",
                "alt": _CAPTIONS[each.shows],
                "caption": _CAPTIONS[each.shows],
            }
            for number, each in enumerate(facts.pictures)
        ],
        **_measured(facts),
        "device": _device(facts, evidence.latitude, evidence.longitude),
        **_deadlines(facts),
        **_path(facts, county),
        "notes": _notes(facts),
        "hash_title": "اثر فهرست مدرک (SHA-256)",
        "hash": evidence.manifest.sha256,
    }


def _moment(facts: NoticeFacts) -> str:
    at = facts.citation.captured_at
    return f"{persian_date(at)}، ساعت {persian_time(at, tenths=True)}"


def _place(facts: NoticeFacts, name: str) -> str:
    road, lane = word("roads", facts.citation.road_class), facts.citation.lane
    return persian_digits(f"{name}؛ {road}" + (f"، خط {lane}" if lane else ""))


def _plate(text: str) -> dict[str, Any]:
    card = plate_card(text)
    ground, ink = _GROUNDS[card.colour]
    parts = card.parts
    return {
        "parts": [card.text] if parts is None else [parts.series, parts.letter, parts.number],
        "region": None if parts is None else parts.region,
        "ground": ground,
        "ink": ink,
    }


def _measured(facts: NoticeFacts) -> dict[str, Any]:
    speed, finding = speed_card(facts.citation), finding_card(facts.citation)
    rows: list[Fact] = []
    if speed is not None:
        unit = "کیلومتر بر ساعت"
        rows = [
            ("سرعت اندازه‌گیری‌شده", f"{speed.value} {unit}", False),
            ("عدم‌قطعیت (اطمینان ۹۵٪)", f"{speed.u95} {unit}", False),
            ("حد مجاز", f"{speed.limit} {unit}", False),
            ("دست‌کم بیش از حد مجاز", f"{speed.excess} {unit}", False),
        ]
    elif finding is not None:
        rows = [(label, text, False) for label, text in finding.facts]
    return {"measured_title": "اندازه‌گیری" if speed else "آنچه دیده شد", "measured": rows}


def _device(facts: NoticeFacts, latitude: float, longitude: float) -> list[Fact]:
    citation, certificate = facts.citation, facts.citation.certificate
    rows: list[Fact] = [("دوربین", citation.camera_id, True)]
    if certificate is not None:
        until = persian_short_date(certificate.valid_to)
        rows.append(
            ("گواهی دستگاه", f"{certificate.number}، {certificate.issued_by}؛ تا {until}", False)
        )
    rows.append(("مأمور", citation.standing.decided_by or "", True))
    rows.append(("مختصات", f"{latitude:.5f}, {longitude:.5f}", True))
    return rows


def _deadlines(facts: NoticeFacts) -> dict[str, Any]:
    terms = facts.terms
    doubled = "پس از آن مبلغ دو برابر می‌شود." if terms.doubles else "شمارش از فردای روز ابلاغ است."
    return {
        "deadlines": [
            {
                "title": "مهلت پرداخت",
                "time": f"{persian_number(terms.payment_days)} روز از ابلاغ",
                "text": doubled,
            },
            {
                "title": "مهلت اعتراض",
                "time": f"{persian_number(terms.objection_days)} روز از ابلاغ",
                "text": "با دلیل و مدرک؛ تا رأی داده نشود چیزی بدهکار نیستید.",
            },
        ]
    }


def _path(facts: NoticeFacts, county: str) -> dict[str, Any]:
    office = f"حضوری: ادارهٔ اجرائیات پلیس راهنمایی و رانندگی شهرستان {county}، با همین برگ."
    after = persian_number(facts.terms.after_decision_days)
    decided = (
        "به اعتراض، مأموری رسیدگی می‌کند که در صدور نقشی نداشته است؛ "
        f"پس از رأی {after} روز مهلت پرداخت است."
    )
    steps = [office, decided]
    if facts.owner_url is not None:
        steps = [
            "نشانی کنار این متن را باز کنید یا رمزینه را با تلفن بخوانید.",
            "شمارهٔ اخطار و رمز یک‌بارمصرفی را که پیامک می‌شود وارد کنید: "
            "تصویرها، پرداخت و اعتراض همان‌جاست.",
            *steps,
        ]
    return {
        "path_title": "پرداخت یا اعتراض",
        "path": [[persian_number(number), step] for number, step in enumerate(steps, 1)],
        "url": facts.owner_url,
        "qr_alt": "رمزینهٔ نشانی صفحهٔ مالک",
    }


def _notes(facts: NoticeFacts) -> list[tuple[str, bool]]:
    warning = facts.basis.warning if facts.basis else ""
    lines = [(f"جدول قانون: {warning}", True)] if warning else []
    return [
        *lines,
        ("نمرهٔ منفی برای راننده است و از روی پلاک به هیچ‌کس داده نمی‌شود.", False),
        (
            "این برگ از آنچه هنگام صدور ذخیره شده ساخته شده است؛ "
            "تغییر بعدی قانون مبلغ آن را عوض نمی‌کند.",
            False,
        ),
    ]
