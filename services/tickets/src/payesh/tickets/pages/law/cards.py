"""What the pages of the law show: text alone, ready to be written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from payesh.tickets.adapters.law_editions import StoredEdition
from payesh.tickets.adapters.law_file import LawDocument
from payesh.tickets.domain.jalali_day import JalaliDay, jalali_text
from payesh.tickets.domain.law import LawTable
from payesh.tickets.domain.law_changes import Change
from payesh.tickets.domain.law_remarks import Remark
from payesh.tickets.pages.persian import (
    isolated,
    persian_amount,
    persian_digits,
    persian_short_date,
)
from payesh.tickets.pages.wording import word, words

_AMOUNT = "amount_rial"


@dataclass(frozen=True, slots=True)
class InForceCard:
    """A table and the day from which it rules; None: from ever."""

    first: str | None
    title: str
    warning: str
    sha256: str
    rules_today: bool


@dataclass(frozen=True, slots=True)
class EditionCard:
    id: str
    state: str
    state_text: str
    first: str
    first_day: str
    revision: int
    name: str
    title: str
    editors: str
    changed: str
    proposed_by: str | None
    approved_by: str | None
    approved: str | None
    sha256: str


@dataclass(frozen=True, slots=True)
class ChangeCard:
    """`fields` are those that differ: name, before, after."""

    kind: str
    key: str
    how: str
    fields: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class RowsCard:
    """One kind of rows of a document: field names with their words, and each row's values."""

    kind: str
    title: str
    fields: list[tuple[str, str]]
    rows: list[list[tuple[str, str]]]

    @property
    def empty(self) -> list[tuple[str, str]]:
        """A row to be filled in."""
        return [(name, "") for name, _ in self.fields]


def in_force_cards(
    begins: Sequence[tuple[JalaliDay | None, LawTable]], today: LawTable
) -> list[InForceCard]:
    return [
        InForceCard(
            first=None if first is None else persian_digits(jalali_text(first).replace("-", "/")),
            title=table.title,
            warning=table.warning,
            sha256=table.sha256,
            rules_today=table is today,
        )
        for first, table in begins
    ]


def edition_card(edition: StoredEdition) -> EditionCard:
    standing = edition.standing
    return EditionCard(
        id=str(edition.edition_id),
        state=standing.state,
        state_text=word("edition_states", standing.state),
        first=persian_digits(jalali_text(standing.first).replace("-", "/")),
        first_day=jalali_text(standing.first),
        revision=standing.revision,
        name=edition.document.name,
        title=edition.document.title,
        editors="، ".join(isolated(each) for each in standing.editors),
        changed=persian_short_date(edition.changed_at),
        proposed_by=standing.proposed_by,
        approved_by=standing.approved_by,
        approved=persian_short_date(edition.approved_at) if edition.approved_at else None,
        sha256=edition.sha256,
    )


def remark_text(remark: Remark) -> str:
    """A fault or a doubt in Persian; its values stand isolated, for most are of Latin letters."""
    template = words("law_remarks").get(remark.kind, str(remark))
    return template.format(*(isolated(_row_words(each)) for each in remark.values))


def change_card(change: Change) -> ChangeCard:
    before, after = change.before or {}, change.after or {}
    how = "تازه" if change.before is None else "حذف" if change.after is None else "تغییر"
    return ChangeCard(
        kind=word("law_kinds", change.kind),
        key=_row_words(change.key),
        how=how,
        fields=[
            (word("law_fields", name), _shown(name, old), _shown(name, new))
            for name in (before | after)
            if (old := before.get(name)) != (new := after.get(name))
        ],
    )


def rows_cards(document: LawDocument) -> list[RowsCard]:
    """The document's rows as they are edited: values as the file spells them."""
    whole = document.model_dump(mode="json")
    kinds = {
        "tariffs": "مبلغ‌ها",
        "offences": "تخلف‌ها",
        "seasons": "فصل‌ها",
        "tolerances": "رواداری‌ها",
        "terms": "مهلت‌ها",
    }
    return [
        RowsCard(
            kind=kind,
            title=title,
            fields=[(name, word("law_fields", name)) for name in _fields(kind)],
            rows=[[(name, _spelt(row[name])) for name in _fields(kind)] for row in whole[kind]],
        )
        for kind, title in kinds.items()
    ]


def _row_words(key: str) -> str:
    """What a row is known by (`law_changes.py`) in Persian."""
    replaced = key.replace(" from ", " از ").replace(" over ", " بیش از ").replace("any", "همه")
    return persian_digits(replaced)


def _fields(kind: str) -> list[str]:
    return list(LawDocument.model_fields[kind].annotation.__args__[0].model_fields)  # type: ignore[union-attr]


def _spelt(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)


def _shown(name: str, value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return "بله" if value else "خیر"
    if name == _AMOUNT:
        return persian_amount(value)
    return persian_digits(_spelt(value))
