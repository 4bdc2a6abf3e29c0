"""`law.json` of a bundle: the rows of the law table that priced one citation, and no others."""

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict

from payesh.tickets.adapters.law_file import (
    JalaliText,
    OffenceRow,
    SeasonRow,
    TariffRow,
    ToleranceRow,
    offence_of,
    season_of,
    tariff_of,
    tolerance_of,
)
from payesh.tickets.domain.jalali_day import JalaliDay, jalali_text
from payesh.tickets.domain.law import LawTable, Period, Price


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
        offence=OffenceRow(**vars(price.offence)),
        tariff=TariffRow(**_row(price.tariff)),
        season=None
        if season is None
        else SeasonRow(
            name=season.name,
            first_month_day="{:02d}-{:02d}".format(*season.first_month_day),
            last_month_day="{:02d}-{:02d}".format(*season.last_month_day),
        ),
        tolerance=None if tolerance is None else ToleranceRow(**_row(tolerance)),
    )


def _row(dated: object) -> dict[str, object]:
    """A dated row's fields, its period as the file spells it."""
    fields = dict(vars(dated))
    period: Period = fields.pop("period")
    first, last = (None if day is None else jalali_text(day) for day in (period.first, period.last))
    return {**fields, "first": first, "last": last}
