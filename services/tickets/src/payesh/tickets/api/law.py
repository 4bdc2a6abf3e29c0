"""The law over HTTP: what is in force on a day, and the editions that people keep."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from payesh.kit.authorization import authorize
from payesh.kit.principal import Principal
from payesh.tickets.adapters.law_file import (
    LawDocument,
    OffenceRow,
    SeasonRow,
    TariffRow,
    TermsRow,
    ToleranceRow,
)
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.domain.jalali_day import JalaliDay, jalali_of
from payesh.tickets.handlers import law_keeping, law_reading
from payesh.tickets.jalali import JalaliText

router = APIRouter(prefix="/v1/law", tags=["law"])

Reader = Annotated[Principal, Depends(authorize(law_keeping.READ, resource="law"))]
Day = Annotated[
    JalaliText | None, Query(description="A Solar Hijri day, `1405-08-29`; today without it.")
]


class LawView(BaseModel):
    """Days are Solar Hijri, both included; null is open-ended. A null amount was not found."""

    name: str
    title: str
    warning: str
    sha256: str
    seasons: list[SeasonRow]
    offences: list[OffenceRow]
    tariffs: list[TariffRow]
    tolerances: list[ToleranceRow]
    terms: list[TermsRow]


class PriceView(BaseModel):
    """What a case would cost. `offence` and `tariff` are null where the law has no row for it;
    `issuable` says whether a citation may be issued on it."""

    table: str
    table_sha256: str
    offence: OffenceRow | None
    tariff: TariffRow | None
    season: str | None
    amount_rial: int | None
    tolerance_kmh: float
    issuable: bool


@router.get("")
async def read_law(dependencies: DependenciesHere, _: Reader, day: Day = None) -> LawView:
    """The table that prices what happens on a day."""
    table = (await law_reading.law_book(dependencies)).law_on(_day(day))
    spelt = LawDocument.of(table)
    return LawView(sha256=table.sha256, **spelt.model_dump(exclude={"notes"}))


@router.get("/price")
async def price(
    dependencies: DependenciesHere,
    _: Reader,
    rule: Annotated[str, Query(pattern=r"^[a-z][a-z0-9_]{0,63}$")],
    place_class: Annotated[str, Query(pattern=r"^[ABC]$")],
    vehicle_class: Annotated[str, Query(pattern=r"^[a-z][a-z0-9_]{0,63}$")] = "car",
    excess_kmh: Annotated[float, Query(ge=0, le=400, description="Lower bound minus limit.")] = 0.0,
    day: Day = None,
) -> PriceView:
    """What the law of a day makes of a case; what was drafted keeps the price that it has."""
    on = _day(day)
    table = (await law_reading.law_book(dependencies)).law_on(on)
    found = table.price(
        rule, excess_kmh, day=on, place_class=place_class, vehicle_class=vehicle_class
    )
    spelt = None if found is None else LawDocument.of(table)
    offence = table.offence(rule, excess_kmh)
    return PriceView(
        table=table.name,
        table_sha256=table.sha256,
        offence=None if offence is None else OffenceRow.model_validate(vars(offence)),
        tariff=None
        if found is None or spelt is None
        else spelt.tariffs[table.tariffs.index(found.tariff)],
        season=found.season.name if found is not None and found.season is not None else None,
        amount_rial=None if found is None else found.amount_rial,
        tolerance_kmh=table.tolerance_kmh(on),
        issuable=found is not None and found.is_issuable,
    )


def _day(text: str | None) -> JalaliDay:
    return law_reading.today() if text is None else jalali_of(text)
