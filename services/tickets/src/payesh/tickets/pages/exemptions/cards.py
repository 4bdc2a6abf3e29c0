"""What the page of exempt vehicles shows: text alone, ready to be written."""

from dataclasses import dataclass

from payesh.tickets.adapters.exemptions import StoredExemption
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.domain.exemption import ExemptionState
from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.pages.persian import persian_digits, persian_short_date, persian_time
from payesh.tickets.pages.plates import PlateCard, plate_card
from payesh.tickets.pages.wording import word

_WHOLE_PROVINCE = "همهٔ استان"
_ANY_CLASS = "هر خودرو"


@dataclass(frozen=True, slots=True)
class ExemptionCard:
    id: str
    state: str
    state_text: str
    plate: PlateCard
    county: str
    vehicle: str
    first: str
    last: str
    is_over: bool
    reason: str
    legal_basis: str
    proposed_by: str
    decided_by: str | None
    ended: str | None
    note: str | None
    uses: str
    may_approve: bool
    may_refuse: bool
    may_end: bool


@dataclass(frozen=True, slots=True)
class HeldCard:
    """A draft that is held for an exemption."""

    id: str
    plate: PlateCard | None
    rule: str
    county: str
    when: str


def exemption_card(found: StoredExemption, reader: str, today: JalaliDay) -> ExemptionCard:
    about, standing = found.about, found.standing
    is_proposed = standing.state is ExemptionState.PROPOSED
    ended_at = standing.ended_at
    return ExemptionCard(
        id=str(found.exemption_id),
        state=standing.state,
        state_text=word("exemption_states", standing.state),
        plate=plate_card(about.plate),
        county=word("counties", about.county) if about.county else _WHOLE_PROVINCE,
        vehicle=word("vehicles", about.vehicle_class) if about.vehicle_class else _ANY_CLASS,
        first=_day(about.first),
        last=_day(about.last),
        is_over=about.last < today,
        reason=about.reason,
        legal_basis=about.legal_basis,
        proposed_by=standing.proposed_by,
        decided_by=standing.decided_by,
        ended=f"{persian_short_date(ended_at)}، {persian_time(ended_at)}" if ended_at else None,
        note=standing.note,
        uses=persian_digits(str(found.uses)),
        may_approve=is_proposed and standing.proposed_by != reader,
        may_refuse=is_proposed,
        may_end=standing.state is ExemptionState.APPROVED,
    )


def held_card(citation: StoredCitation) -> HeldCard:
    plate, at = citation.standing.plate_text, citation.captured_at
    return HeldCard(
        id=str(citation.citation_id),
        plate=plate_card(plate) if plate else None,
        rule=word("rules", citation.rule),
        county=word("counties", citation.county),
        when=f"{persian_short_date(at)}، {persian_time(at)}",
    )


def _day(day: JalaliDay) -> str:
    return persian_digits(f"{day.year}/{day.month:02d}/{day.day:02d}")
