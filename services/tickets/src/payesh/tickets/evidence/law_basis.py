"""`law.json` of a bundle: the rows of the law table that priced one citation, and no others."""

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict

from payesh.contracts.tickets import LawReference
from payesh.tickets.adapters.law_file import (
    OffenceRow,
    SeasonRow,
    TariffRow,
    ToleranceRow,
    offence_of,
    offence_row,
    season_of,
    season_row,
    tariff_of,
    tariff_row,
    tolerance_of,
    tolerance_row,
)
from payesh.tickets.domain.jalali_day import JalaliDay, jalali_text
from payesh.tickets.domain.law import LawTable, Price
from payesh.tickets.jalali import JalaliText


class LawBasis(BaseModel):
    """Rows are spelt as in the table's file, whose SHA-256 is `table_sha256`.

    `tolerance` is the one in force on `captured_on`, null where none was published; `season` is
    the one that the tariff names, null where it names none.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal["payesh-law-basis-v1"]
    table: str
    title: str
    warning: str
    table_sha256: str
    captured_on: JalaliText
    offence: OffenceRow
    tariff: TariffRow
    season: SeasonRow | None
    tolerance: ToleranceRow | None

    def to_json(self) -> str:
        return json.dumps(self.model_dump(), ensure_ascii=False, indent=1, sort_keys=True)

    def as_table(self) -> LawTable:
        """A law table of these rows alone, to price the case with once more."""
        return LawTable(
            name=self.table,
            title=self.title,
            warning=self.warning,
            sha256=self.table_sha256,
            seasons=() if self.season is None else (season_of(self.season),),
            offences=(offence_of(self.offence),),
            tariffs=(tariff_of(self.tariff),),
            tolerances=() if self.tolerance is None else (tolerance_of(self.tolerance),),
        )


def reference_of(table: LawTable, price: Price) -> LawReference:
    """The law as a citation and its manifest state it."""
    return LawReference(
        table=table.name,
        table_sha256=table.sha256,
        offence_code=price.offence.code,
        decree=price.decree,
        amount_rial=price.amount_rial,
    )


def basis_of(table: LawTable, price: Price, day: JalaliDay) -> LawBasis:
    """What `table` priced a case of `day` with."""
    season, tolerance = price.season, table.tolerance(day)
    return LawBasis(
        format="payesh-law-basis-v1",
        table=table.name,
        title=table.title,
        warning=table.warning,
        table_sha256=table.sha256,
        captured_on=jalali_text(day),
        offence=offence_row(price.offence),
        tariff=tariff_row(price.tariff),
        season=None if season is None else season_row(season),
        tolerance=None if tolerance is None else tolerance_row(tolerance),
    )
