"""The law table in force, over HTTP: what a citation is priced with is public to its readers."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from payesh.kit.authorization import authorize
from payesh.kit.principal import Principal
from payesh.tickets.api.dependencies import DependenciesHere
from payesh.tickets.domain.jalali_day import jalali_text
from payesh.tickets.domain.law import Period
from payesh.tickets.handlers.law_reading import law_today

router = APIRouter(prefix="/v1/law", tags=["law"])

Reader = Annotated[Principal, Depends(authorize("law:read", resource="law table"))]


class OffenceView(BaseModel):
    rule: str
    code: str
    title: str
    code_known: bool
    over_kmh_above: float | None
    over_kmh_to: float | None


class TariffView(BaseModel):
    """Days are Solar Hijri, both included; null is open-ended. A null amount was not found."""

    code: str
    first: str | None
    last: str | None
    place_class: str
    vehicle_class: str
    season: str
    amount_rial: int | None
    decree: str
    note: str


class ToleranceView(BaseModel):
    first: str | None
    last: str | None
    tolerance_kmh: float
    reference: str


class LawView(BaseModel):
    name: str
    title: str
    warning: str
    sha256: str
    offences: list[OffenceView]
    tariffs: list[TariffView]
    tolerances: list[ToleranceView]


@router.get("")
async def read_law(dependencies: DependenciesHere, _: Reader) -> LawView:
    """The table that new citations are priced with."""
    law = law_today(dependencies)
    return LawView(
        name=law.name,
        title=law.title,
        warning=law.warning,
        sha256=law.sha256,
        offences=[OffenceView.model_validate(vars(each)) for each in law.offences],
        tariffs=[TariffView.model_validate(_dated(each, each.period)) for each in law.tariffs],
        tolerances=[
            ToleranceView.model_validate(_dated(each, each.period)) for each in law.tolerances
        ],
    )


def _dated(row: object, period: Period) -> dict[str, Any]:
    first, last = (None if day is None else jalali_text(day) for day in (period.first, period.last))
    return {**vars(row), "first": first, "last": last}
