"""The law table as a file that a deployer edits."""

import hashlib
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from payesh.contracts.vocabulary import VehicleClass
from payesh.tickets.domain.jalali_day import JalaliDay, jalali_of
from payesh.tickets.domain.law import (
    LawTable,
    OffenceClass,
    Period,
    Season,
    Tariff,
    Tolerance,
)
from payesh.tickets.domain.law_faults import faults_of
from payesh.tickets.domain.rules import ASSESSORS
from payesh.tickets.errors import LawTableInvalid

_MONTHS_IN_YEAR = 12
_LONGEST_MONTH_DAYS = 31


def _day(text: str) -> str:
    year, month, day = jalali_of(text)
    if not (year and 1 <= month <= _MONTHS_IN_YEAR and 1 <= day <= _LONGEST_MONTH_DAYS):
        raise ValueError("not a Solar Hijri day")
    return text


def _month_day(text: str) -> str:
    _day(f"1400-{text}")
    return text


JalaliText = Annotated[str, Field(pattern=r"^1[34]\d\d-\d\d-\d\d$"), AfterValidator(_day)]
_MonthDayText = Annotated[str, Field(pattern=r"^\d\d-\d\d$"), AfterValidator(_month_day)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SeasonRow(_Row):
    name: str
    first_month_day: _MonthDayText
    last_month_day: _MonthDayText


class OffenceRow(_Row):
    rule: str
    code: Annotated[str, Field(pattern=r"^[0-9]{3,6}$")]
    title: str
    code_known: bool
    over_kmh_above: float | None
    over_kmh_to: float | None


class TariffRow(_Row):
    code: str
    first: JalaliText | None
    last: JalaliText | None
    place_class: Annotated[str, Field(pattern=r"^(A|B|C|any)$")]
    vehicle_class: str
    season: str
    amount_rial: Annotated[int, Field(ge=0)] | None
    decree: Annotated[str, Field(min_length=1, max_length=200)]
    note: str


class ToleranceRow(_Row):
    first: JalaliText | None
    last: JalaliText | None
    tolerance_kmh: Annotated[float, Field(ge=0, le=50)]
    reference: str


class _File(_Row):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    title: str
    warning: str
    notes: tuple[str, ...]
    seasons: tuple[SeasonRow, ...]
    offences: tuple[OffenceRow, ...]
    tariffs: tuple[TariffRow, ...]
    tolerances: tuple[ToleranceRow, ...]


def read_law(path: Path | None) -> LawTable:
    """The table in `path`, or the shipped fixture. Raises LawTableInvalid, naming every fault."""
    if path is None:
        body = (resources.files("payesh.tickets") / "law" / "fixture-1399.json").read_bytes()
    else:
        body = path.read_bytes()
    try:
        file = _File.model_validate_json(body)
    except ValidationError as error:
        raise LawTableInvalid(str(error)) from error
    table = LawTable(
        name=file.name,
        title=file.title,
        warning=file.warning,
        sha256=hashlib.sha256(body).hexdigest(),
        seasons=tuple(season_of(row) for row in file.seasons),
        offences=tuple(offence_of(row) for row in file.offences),
        tariffs=tuple(tariff_of(row) for row in file.tariffs),
        tolerances=tuple(tolerance_of(row) for row in file.tolerances),
    )
    faults = list(faults_of(table, rules=ASSESSORS.keys(), vehicle_classes=list(VehicleClass)))
    if faults:
        raise LawTableInvalid("; ".join(faults))
    return table


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


def _period(first: str | None, last: str | None) -> Period:
    return Period(_jalali(first), _jalali(last))


def _jalali(text: str | None) -> JalaliDay | None:
    return None if text is None else jalali_of(text)


def _pair(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)
