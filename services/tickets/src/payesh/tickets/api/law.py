"""The law table in use, over HTTP: what a citation is priced with is public to its readers."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from payesh.kit.authorization import Principal, authorize
from payesh.tickets.domain.law import JalaliDay, LawTable, Period

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


def law_router(law: LawTable) -> APIRouter:
    router = APIRouter(prefix="/v1/law", tags=["law"])
    answer = LawView(
        name=law.name,
        title=law.title,
        warning=law.warning,
        sha256=law.sha256,
        offences=[OffenceView.model_validate(vars(each)) for each in law.offences],
        tariffs=[
            TariffView.model_validate({**vars(each), **_days(each.period)}) for each in law.tariffs
        ],
        tolerances=[
            ToleranceView.model_validate({**vars(each), **_days(each.period)})
            for each in law.tolerances
        ],
    )

    @router.get("")
    async def read_law(_: Reader) -> LawView:
        """The table that new citations are priced with."""
        return answer

    return router


def _days(period: Period) -> dict[str, Any]:
    return {"first": _text(period.first), "last": _text(period.last)}


def _text(day: JalaliDay | None) -> str | None:
    return None if day is None else f"{day.year:04d}-{day.month:02d}-{day.day:02d}"
