"""What the templates of the queue show of a citation: text alone, ready to be written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import ClassVar

from payesh.contracts.tickets import LawReference
from payesh.contracts.values import Certificate
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.domain.desk import DECIDED
from payesh.tickets.domain.law import LawTable
from payesh.tickets.domain.rejection import OFFICER_REASONS
from payesh.tickets.evidence.clip import PLAYABLE_CODECS
from payesh.tickets.evidence.record import EvidenceRecord
from payesh.tickets.pages.holds import HoldCard, hold_card
from payesh.tickets.pages.persian import (
    persian_amount,
    persian_date,
    persian_digits,
    persian_number,
    persian_short_date,
    persian_time,
)
from payesh.tickets.pages.plates import PlateCard, plate_card
from payesh.tickets.pages.queue.corrections import HIDDEN_PLATE, CorrectionCard, correction_card
from payesh.tickets.pages.queue.entry import EntryCard, entry_card
from payesh.tickets.pages.queue.measurement import (
    FindingCard,
    SpeedCard,
    finding_card,
    speed_card,
)
from payesh.tickets.pages.queue.second_reading import second_reading
from payesh.tickets.pages.wording import word

OFFICER_CHOICES = [
    (number, reason, word("reasons", reason)) for number, reason in enumerate(OFFICER_REASONS, 1)
]
"""Number to press, identifier and words of each reason that an officer may reject with."""


@dataclass(frozen=True, slots=True)
class LawCard:
    code: str | None
    title: str
    amount: str | None
    decree: str
    table: str
    table_sha256: str
    warning: str


@dataclass(frozen=True, slots=True)
class CitationCard:
    """A citation with its evidence; `state` is the state's identifier."""

    template: ClassVar[str] = "_detail.html"

    id: str
    state: str
    state_text: str
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
    is_plate_hidden: bool
    correction: CorrectionCard | None
    read_percent: str
    second_reading: str | None
    speed: SpeedCard | None
    finding: FindingCard | None
    entry: EntryCard | None
    clock: str
    clock_u95: str
    certificate: Mapping[str, str] | None
    law: LawCard
    is_priced: bool
    evidence: Mapping[str, str]
    is_video: bool
    clip_seconds: float
    is_playable: bool
    codec: str
    shots: range
    revision: str
    claimed_by: str | None
    claimed_until: str | None
    claimed_until_utc: str
    is_mine: bool
    number: str | None
    reason: str | None
    is_my_decision: bool
    undo_ms: int
    note: str | None
    is_suspended: bool
    only_warns: bool
    is_exempt: bool
    holds: Sequence[HoldCard]
    is_second_look: bool
    is_outcome_hidden: bool
    same_as: str | None
    seen_again: Sequence[str]
    not_notified: str | None


@dataclass(frozen=True, slots=True)
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
    """The card of any citation; `law` is the table in force on its day."""
    if citation.evidence is None:
        return _rule_rejection_card(citation)
    return citation_card(citation, law, officer)


def citation_card(citation: StoredCitation, law: LawTable, officer: str) -> CitationCard:
    """Raises ValueError for a citation that a rule rejected: `card_of` shows those too."""
    evidence, standing = citation.evidence, citation.standing
    if evidence is None or citation.law is None or standing.plate_text is None:
        raise ValueError("only drafts are put before officers")
    until = citation.claimed_until
    return CitationCard(
        id=str(citation.citation_id),
        state=citation.state,
        state_text=word("states", citation.state),
        rule=word("rules", citation.rule),
        vehicle=word("vehicles", citation.vehicle_class),
        lane=persian_digits(citation.lane) if citation.lane else None,
        date=persian_date(citation.captured_at),
        short_date=persian_short_date(citation.captured_at),
        time=persian_time(citation.captured_at, tenths=True),
        place=persian_digits(evidence.place_name),
        county=word("counties", citation.county),
        road=word("roads", citation.road_class),
        camera_id=citation.camera_id,
        latitude=f"{evidence.latitude:.5f}",
        longitude=f"{evidence.longitude:.5f}",
        plate=HIDDEN_PLATE if citation.is_plate_hidden else plate_card(standing.plate_text),
        is_plate_hidden=citation.is_plate_hidden,
        correction=correction_card(standing.correction),
        read_percent=persian_number(100 * (citation.plate_confidence or 0.0)),
        second_reading=second_reading(citation),
        speed=speed_card(citation),
        finding=finding_card(citation),
        entry=None
        if evidence.entry is None
        else entry_card(evidence.entry, persian_digits(evidence.place_name)),
        clock=word("clocks", citation.clock_source),
        clock_u95=persian_number(citation.clock_u95_ms),
        certificate=_certificate(citation.certificate),
        law=_law(citation.rule, citation.law, law),
        is_priced=citation.is_priced,
        evidence=_evidence(evidence),
        clip_seconds=evidence.duration_ms / 1000,
        is_video=evidence.clip.media_type.startswith("video/"),
        is_playable=evidence.codec in PLAYABLE_CODECS,
        codec=(evidence.codec or "?").upper(),
        shots=range(len(evidence.shots)),
        revision=persian_number(evidence.revision),
        claimed_by=citation.holder,
        claimed_until=persian_time(until) if until is not None else None,
        claimed_until_utc="" if until is None else until.astimezone(UTC).isoformat(),
        is_mine=citation.holder == officer,
        number=persian_digits(standing.number) if standing.number else None,
        reason=word("reasons", standing.reason) if standing.reason else None,
        is_my_decision=standing.decided_by == officer,
        undo_ms=_undo_ms(citation),
        note=standing.note,
        is_suspended=citation.camera_suspended,
        only_warns=citation.only_warns,
        is_exempt=citation.exempt_under is not None,
        holds=[hold_card(each) for each in citation.holds],
        is_second_look=citation.is_second_look,
        is_outcome_hidden=citation.is_outcome_hidden,
        same_as=str(citation.same_as) if citation.same_as else None,
        seen_again=[str(each) for each in citation.seen_again],
        not_notified=word("notification_faults", citation.not_notified)
        if citation.not_notified
        else None,
    )


def _undo_ms(citation: StoredCitation) -> int:
    """How long the decision can still be undone, by the database's clock."""
    final_at = citation.standing.final_at
    if citation.state != DECIDED.name or final_at is None:
        return 0
    return max(0, round((final_at - citation.now) / timedelta(milliseconds=1)))


def _rule_rejection_card(citation: StoredCitation) -> RuleRejectionCard:
    return RuleRejectionCard(
        id=str(citation.citation_id),
        rule=word("rules", citation.rule),
        vehicle=word("vehicles", citation.vehicle_class),
        date=persian_date(citation.captured_at),
        time=persian_time(citation.captured_at, tenths=True),
        county=word("counties", citation.county),
        road=word("roads", citation.road_class),
        camera_id=citation.camera_id,
        reason=word("reasons", citation.standing.reason or ""),
    )


def _evidence(evidence: EvidenceRecord) -> Mapping[str, str]:
    return {
        "manifest": evidence.manifest.sha256,
        "clip": evidence.clip.sha256,
        "size": persian_number(evidence.clip.size_bytes / 1024 / 1024, 1),
        "seconds": persian_number(evidence.duration_ms / 1000, 1),
        "links": persian_number(evidence.links_checked),
        "locked_until": persian_short_date(evidence.retained_until)
        if evidence.retained_until
        else "پایان مهلت نگهداری",
    }


def _law(rule: str, priced_by: LawReference, table: LawTable) -> LawCard:
    # Titles come from the table in force only if it is the one that priced this citation.
    same = table.sha256 == priced_by.table_sha256
    code = priced_by.offence_code
    rows = [each for each in table.offences if same and each.code == code]
    # One code stands for several rules, and 0000 for any.
    offence = next((each for each in rows if each.rule == rule), None)
    code_known = offence is None or offence.code_known
    return LawCard(
        code=persian_digits(code) if code_known else None,
        title=offence.title if offence else word("rules", rule),
        amount=None if priced_by.amount_rial is None else persian_amount(priced_by.amount_rial),
        decree=priced_by.decree,
        table=table.title if same else priced_by.table,
        table_sha256=priced_by.table_sha256,
        warning=table.warning if same else "جدول قانون پس از این پیش‌نویس تغییر کرده است",
    )


def _certificate(certificate: Certificate | None) -> Mapping[str, str] | None:
    if certificate is None:
        return None
    return {
        "number": certificate.number,  # as it is written on the certificate
        "issued_by": certificate.issued_by,
        "from": persian_short_date(certificate.valid_from),
        "to": persian_short_date(certificate.valid_to),
    }
