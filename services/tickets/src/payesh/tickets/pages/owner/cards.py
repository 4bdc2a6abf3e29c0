"""What the owner's page shows of a case: text alone."""

from dataclasses import dataclass
from datetime import timedelta

from payesh.tickets.domain.dues import OWING
from payesh.tickets.domain.objection import Grounds
from payesh.tickets.handlers.owner.case import OwnCase
from payesh.tickets.pages.persian import (
    persian_amount,
    persian_date,
    persian_digits,
    persian_number,
    persian_short_date,
    persian_time,
)
from payesh.tickets.pages.plates import PlateCard, plate_card
from payesh.tickets.pages.queue.measurement import SpeedCard, finding_card, speed_card
from payesh.tickets.pages.wording import word, words

_MOMENT = timedelta(seconds=1)
_CAPTIONS = {
    "vehicle": "خودروی شما",
    "plate": "پلاک، بزرگ‌شده از همان تصویر",
    "entry_vehicle": "خودروی شما در آغاز مسیر",
    "entry_plate": "پلاک در آغاز مسیر",
}
_TONES = {"notified": "wait", "reduced": "wait", "upheld": "wait", "objected": "wait"} | {
    "overdue": "late",
    "paid": "done",
    "cancelled": "done",
    "closed": "done",
    "void": "done",
}


@dataclass(frozen=True, slots=True)
class StepCard:
    text: str
    moment: str


@dataclass(frozen=True, slots=True)
class ObjectionCard:
    """`outcome` and `reason` are empty until it is decided."""

    instance: str
    grounds: str
    statement: str
    received: str
    files: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class PictureCard:
    number: int
    caption: str
    is_plate: bool


@dataclass(frozen=True, slots=True)
class OwnCaseCard:
    """`owed` is what is owed now, empty where nothing is; `amount` is of the issue."""

    number: str
    state: str
    tone: str
    offence: str
    plate: PlateCard | None
    owed: str
    amount: str
    until: str
    after: str
    date: str
    time: str
    place: str
    facts: tuple[tuple[str, str], ...]
    speed: SpeedCard | None
    terms: tuple[tuple[str, str], ...]
    steps: tuple[StepCard, ...]
    objections: tuple[ObjectionCard, ...]
    pictures: tuple[PictureCard, ...]
    has_clip: bool
    evidence: str
    may_object: bool
    insists: bool
    may_pay: bool
    has_notice: bool


def grounds_choices() -> dict[str, str]:
    """Code to Persian words, in the order of the codes."""
    known = words("grounds")
    return {each.value: known.get(each.value, each.value) for each in Grounds}


def own_case_card(case: OwnCase) -> OwnCaseCard:
    citation, standing, law = case.citation, case.citation.standing, case.citation.law
    amount = law.amount_rial if law is not None else None
    owes = standing.state in OWING and standing.owed_rial
    due = standing.due_at if standing.state in OWING else None
    copies = case.copies
    place = citation.evidence.place_name if citation.evidence is not None else ""
    return OwnCaseCard(
        number=persian_digits(standing.number or ""),
        state=word("owner_states", standing.state),
        tone=_TONES.get(standing.state, "wait"),
        offence=word("rules", citation.rule),
        plate=plate_card(standing.plate_text) if standing.plate_text else None,
        owed=persian_amount(standing.owed_rial or 0) if owes else "",
        amount=persian_amount(amount or 0),
        until="" if due is None else persian_date(due - _MOMENT),
        after=_after(case),
        date=persian_date(citation.captured_at),
        time=persian_time(citation.captured_at),
        place=persian_digits(place),
        facts=_facts(case),
        speed=speed_card(citation),
        terms=_terms(case),
        steps=_steps(case),
        objections=_objections(case),
        pictures=()
        if copies is None
        else tuple(
            PictureCard(number, _CAPTIONS.get(each.shows, ""), each.shows.endswith("plate"))
            for number, each in enumerate(copies.pictures)
        ),
        has_clip=copies is not None and copies.clip is not None,
        evidence="ready" if copies is not None else "failed" if case.copies_failed else "making",
        may_object=case.may_object,
        insists=bool(case.objections),
        may_pay=case.may_pay,
        has_notice=case.has_notice,
    )


def _facts(case: OwnCase) -> tuple[tuple[str, str], ...]:
    citation, law = case.citation, case.citation.law
    rows = [
        ("خودرو", word("vehicles", citation.vehicle_class)),
        ("شهرستان", word("counties", citation.county)),
        ("راه", word("roads", citation.road_class)),
    ]
    if citation.lane:
        rows.append(("خط", persian_digits(citation.lane)))
    found = finding_card(citation)
    if found is not None:
        rows += found.facts
    if law is not None:
        rows += [("کد تخلف", persian_digits(law.offence_code)), ("مستند مبلغ", law.decree)]
    if citation.certificate is not None:
        until = persian_short_date(citation.certificate.valid_to)
        rows.append(("گواهی دستگاه", f"{citation.certificate.number}، تا {until}"))
    return tuple(rows)


def _terms(case: OwnCase) -> tuple[tuple[str, str], ...]:
    terms, standing = case.terms, case.citation.standing
    rows = [("پرداخت", f"{persian_number(terms.payment_days)} روز از ابلاغ")]
    if standing.object_until is not None:
        until = persian_date(standing.object_until - _MOMENT)
        rows.append(("اعتراض", f"تا پایان {until}"))
    else:
        rows.append(("اعتراض", f"{persian_number(terms.objection_days)} روز از ابلاغ"))
    rows.append(("پس از رأی", f"{persian_number(terms.after_decision_days)} روز برای پرداخت"))
    return tuple(rows)


def _after(case: OwnCase) -> str:
    standing = case.citation.standing
    if standing.is_doubled:
        return "مبلغ پس از پایان مهلت، به حکم قانون دو برابر شده است."
    if standing.state == "objected":
        return "تا رأی داده نشود چیزی بدهکار نیستید."
    if standing.state not in OWING or standing.due_at is None:
        return ""
    if case.terms.doubles:
        return "پس از این مهلت، به حکم قانون مبلغ دو برابر می‌شود."
    return "با گذشتن مهلت، مبلغ بیشتر نمی‌شود."


def _steps(case: OwnCase) -> tuple[StepCard, ...]:
    known = words("owner_steps")
    return tuple(
        StepCard(known[each.step], f"{persian_date(each.at)}، ساعت {persian_time(each.at)}")
        for each in case.steps
        if each.step in known
    )


def _objections(case: OwnCase) -> tuple[ObjectionCard, ...]:
    return tuple(
        ObjectionCard(
            instance="ادارهٔ اجرائیات" if each.instance == 1 else "واحد رسیدگی",
            grounds=word("grounds", each.grounds),
            statement=each.statement,
            received=persian_date(each.received_at),
            files=persian_number(len(each.attachments)) if each.attachments else "",
            outcome="" if each.outcome is None else word("owner_states", each.outcome),
            reason=each.reason or "",
        )
        for each in case.objections
    )
