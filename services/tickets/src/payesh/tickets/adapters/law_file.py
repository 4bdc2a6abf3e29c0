"""The law table as a document: a file that a deployer edits, or an edition that people keep."""

import hashlib
import json
import unicodedata
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from payesh.contracts.vocabulary import VehicleClass
from payesh.tickets.domain.jalali_day import JalaliDay, jalali_of, jalali_text
from payesh.tickets.domain.law import (
    LawTable,
    OffenceClass,
    Period,
    Season,
    Tariff,
    Terms,
    Tolerance,
)
from payesh.tickets.domain.law_faults import faults_of
from payesh.tickets.domain.law_remarks import Remark
from payesh.tickets.domain.rules import ASSESSORS
from payesh.tickets.errors import LawTableInvalid
from payesh.tickets.jalali import JalaliText, MonthDayText


def _plain(text: str) -> str:
    if any(unicodedata.category(each) == "Cc" for each in text):
        raise ValueError("a text has no control characters")
    if text[:1] in ("=", "+", "@"):
        raise ValueError("a text that begins so is a formula where tables are opened")
    return text


LawText = Annotated[str, Field(max_length=500), AfterValidator(_plain)]
MOST_ROWS = 2000


class Value(BaseModel):
    """A frozen part of a document; a field that it does not have is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SeasonRow(Value):
    name: Annotated[LawText, Field(min_length=1, max_length=64)]
    first_month_day: MonthDayText
    last_month_day: MonthDayText


class OffenceRow(Value):
    rule: Annotated[LawText, Field(max_length=64)]
    code: Annotated[str, Field(pattern=r"^[0-9]{3,6}$")]
    title: LawText
    code_known: bool
    over_kmh_above: float | None
    over_kmh_to: float | None


class TariffRow(Value):
    code: str
    first: JalaliText | None
    last: JalaliText | None
    place_class: Annotated[str, Field(pattern=r"^(A|B|C|any)$")]
    vehicle_class: Annotated[LawText, Field(max_length=64)]
    season: Annotated[LawText, Field(max_length=64)]
    amount_rial: Annotated[int, Field(ge=0, lt=2**53)] | None
    decree: Annotated[LawText, Field(min_length=1, max_length=200)]
    note: LawText


class ToleranceRow(Value):
    first: JalaliText | None
    last: JalaliText | None
    tolerance_kmh: Annotated[float, Field(ge=0, le=50)]
    reference: LawText


Days = Annotated[int, Field(ge=1, le=730)]


class TermsRow(Value):
    first: JalaliText | None
    last: JalaliText | None
    payment_days: Days
    objection_days: Days
    after_decision_days: Days
    doubles: bool
    reference: Annotated[LawText, Field(min_length=1)]


class LawDocument(Value):
    """A law table as it is written, whether or not it contradicts itself."""

    name: Annotated[LawText, Field(min_length=1, max_length=64)]
    title: LawText
    warning: LawText
    notes: Annotated[tuple[LawText, ...], Field(max_length=100)]
    seasons: Annotated[tuple[SeasonRow, ...], Field(max_length=100)]
    offences: Annotated[tuple[OffenceRow, ...], Field(max_length=500)]
    tariffs: Annotated[tuple[TariffRow, ...], Field(max_length=MOST_ROWS)]
    tolerances: Annotated[tuple[ToleranceRow, ...], Field(max_length=100)]
    terms: Annotated[tuple[TermsRow, ...], Field(max_length=100)] = ()

    @classmethod
    def of(cls, table: LawTable) -> "LawDocument":
        """The document that spells a table; notes are no part of a table."""
        return cls(
            name=table.name,
            title=table.title,
            warning=table.warning,
            notes=(),
            seasons=tuple(map(season_row, table.seasons)),
            offences=tuple(map(offence_row, table.offences)),
            tariffs=tuple(map(tariff_row, table.tariffs)),
            tolerances=tuple(map(tolerance_row, table.tolerances)),
            terms=tuple(map(terms_row, table.terms)),
        )

    def to_bytes(self) -> bytes:
        """The document's one spelling, whose SHA-256 names its table."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1).encode()


def read_law(path: Path | None) -> LawTable:
    """The table in `path`, or the shipped fixture. Raises LawTableInvalid, naming every fault."""
    body = law_file(path)
    try:
        document = LawDocument.model_validate_json(body)
    except ValidationError as error:
        raise LawTableInvalid(str(error)) from error
    table = table_of(document, hashlib.sha256(body).hexdigest())
    faults = known_faults(table)
    if faults:
        raise LawTableInvalid("; ".join(map(str, faults)))
    return table


def law_file(path: Path | None) -> bytes:
    """The bytes of the table in `path`, or of the shipped fixture. Raises OSError."""
    if path is None:
        return (resources.files("payesh.tickets") / "law" / "fixture-1399.json").read_bytes()
    return path.read_bytes()


def table_of(document: LawDocument, sha256: str) -> LawTable:
    """The table that a document spells; it may contradict itself."""
    return LawTable(
        name=document.name,
        title=document.title,
        warning=document.warning,
        sha256=sha256,
        seasons=tuple(season_of(row) for row in document.seasons),
        offences=tuple(offence_of(row) for row in document.offences),
        tariffs=tuple(tariff_of(row) for row in document.tariffs),
        tolerances=tuple(tolerance_of(row) for row in document.tolerances),
        terms=tuple(terms_of(row) for row in document.terms),
    )


def known_faults(table: LawTable) -> list[Remark]:
    """Why no case may be priced with the table; none of a sound one."""
    return list(faults_of(table, rules=ASSESSORS.keys(), vehicle_classes=list(VehicleClass)))


def season_of(row: SeasonRow) -> Season:
    return Season(row.name, _pair(row.first_month_day), _pair(row.last_month_day))


def offence_of(row: OffenceRow) -> OffenceClass:
    return OffenceClass(**row.model_dump())


def tolerance_of(row: ToleranceRow) -> Tolerance:
    return Tolerance(_period(row.first, row.last), row.tolerance_kmh, row.reference)


def tariff_of(row: TariffRow) -> Tariff:
    return Tariff(
        code=row.code,
        period=_period(row.first, row.last),
        place_class=row.place_class,
        vehicle_class=row.vehicle_class,
        season=row.season,
        amount_rial=row.amount_rial,
        decree=row.decree,
        note=row.note,
    )


def season_row(season: Season) -> SeasonRow:
    return SeasonRow(
        name=season.name,
        first_month_day="{:02d}-{:02d}".format(*season.first_month_day),
        last_month_day="{:02d}-{:02d}".format(*season.last_month_day),
    )


def offence_row(offence: OffenceClass) -> OffenceRow:
    return OffenceRow.model_validate(vars(offence))


def tariff_row(tariff: Tariff) -> TariffRow:
    return TariffRow.model_validate(_spelt(tariff))


def tolerance_row(tolerance: Tolerance) -> ToleranceRow:
    return ToleranceRow.model_validate(_spelt(tolerance))


def terms_of(row: TermsRow) -> Terms:
    return Terms(_period(row.first, row.last), **row.model_dump(exclude={"first", "last"}))


def terms_row(terms: Terms) -> TermsRow:
    return TermsRow.model_validate(_spelt(terms))


def _spelt(dated: Tariff | Tolerance | Terms) -> dict[str, object]:
    """A dated row's fields, its period as the file spells it."""
    fields = dict(vars(dated))
    period: Period = fields.pop("period")
    first, last = (None if day is None else jalali_text(day) for day in (period.first, period.last))
    return {**fields, "first": first, "last": last}


def _period(first: str | None, last: str | None) -> Period:
    return Period(_jalali(first), _jalali(last))


def _jalali(text: str | None) -> JalaliDay | None:
    return None if text is None else jalali_of(text)


def _pair(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)
