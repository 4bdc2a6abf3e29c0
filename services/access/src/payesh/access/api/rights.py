"""How entitlements and names look in JSON, and how a cursor does."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from payesh.contracts.values import Identifier, RoadClass

Name = Annotated[str, Field(min_length=1, max_length=200)]
Everything = Literal["*"]
Limit = Annotated[int, Query(ge=1, le=200, description="Items a page.")]
Cursor = Annotated[
    str | None, Query(max_length=500, description="`next` of the page before, unchanged.")
]


def _sorted_set(values: list[str]) -> list[str]:
    return sorted(set(values))


Scopes = Annotated[
    list[Annotated[str, Field(max_length=64)]],
    Field(max_length=64),
    AfterValidator(_sorted_set),
]
Counties = Annotated[list[Identifier], Field(max_length=500)]
RoadClasses = Annotated[list[RoadClass], Field(max_length=16)]


class Body(BaseModel):
    """A request's body: what it does not know is a mistake of the sender."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rights(Body):
    """Scopes, and where they hold; `"*"` is everywhere."""

    scopes: Scopes = Field(default_factory=list)
    counties: Counties | Everything = Field(description='county ids, or "*"')
    road_classes: RoadClasses | Everything = Field("*", description='road classes, or "*"')


class RightsChange(Body):
    """Only what is present changes."""

    scopes: Scopes | None = None
    counties: Counties | Everything | None = None
    road_classes: RoadClasses | Everything | None = None

    def changes(self) -> dict[str, list[str] | None]:
        """As `handlers.change_entitlements` takes them: None is no bound."""
        given: dict[str, list[str] | None] = {}
        if self.scopes is not None:
            given["scopes"] = self.scopes
        if self.counties is not None:
            given["counties"] = as_bound(self.counties)
        if self.road_classes is not None:
            given["road_classes"] = as_bound(self.road_classes)
        return given


def as_bound(value: list[str] | list[RoadClass] | Everything) -> list[str] | None:
    return None if value == "*" else [str(each) for each in value]


def from_bound(value: list[str] | None) -> list[str] | Everything:
    return "*" if value is None else value
