"""Entitlements, names and cursors as JSON and queries have them."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, TypeAdapter

from payesh.access.handlers.rights import ChangedRights
from payesh.contracts.values import Identifier, RoadClass
from payesh.kit.paging import Text, decode_cursor

Name = Annotated[Text, Field(min_length=1, max_length=200)]
Everything = Literal["*"]
_ID = TypeAdapter(tuple[Identifier])


def id_in(cursor: str | None) -> str | None:
    """The id after which the page begins, in lists that are ordered by one. Raises BadCursor."""
    key = decode_cursor(cursor, _ID)
    return None if key is None else key[0]


def _sorted_set(values: list[str]) -> list[str]:
    return sorted(set(values))


def _encodable(secret: SecretStr) -> SecretStr:
    secret.get_secret_value().encode()  # UnicodeEncodeError is a ValueError
    return secret


Secret = Annotated[SecretStr, AfterValidator(_encodable)]
"""A secret of a body. JSON can escape half of a surrogate pair, which cannot be hashed; pydantic
refuses that in texts, not in secrets."""

Scopes = Annotated[
    list[Annotated[str, Field(max_length=64)]],
    Field(max_length=64),
    AfterValidator(_sorted_set),
]
Counties = Annotated[list[Identifier], Field(max_length=500)]
RoadClasses = Annotated[list[RoadClass], Field(max_length=16)]


class Body(BaseModel):
    """A request's body: a field that is not declared is a mistake of the sender."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rights(Body):
    """Scopes, and where they are valid; `"*"` is everywhere."""

    scopes: Scopes = Field(default_factory=list)
    counties: Counties | Everything = Field(description='county ids, or "*"')
    road_classes: RoadClasses | Everything = Field("*", description='road classes, or "*"')


class RightsChange(Body):
    """Rights that change: only what is present."""

    scopes: Scopes | None = None
    counties: Counties | Everything | None = None
    road_classes: RoadClasses | Everything | None = None

    def rights(self) -> ChangedRights:
        """As handlers take them: None is no bound."""
        given = ChangedRights()
        if self.scopes is not None:
            given["scopes"] = self.scopes
        if self.counties is not None:
            given["counties"] = as_bound(self.counties)
        if self.road_classes is not None:
            given["road_classes"] = as_bound(self.road_classes)
        return given


def as_bound(value: list[str] | list[RoadClass] | Everything) -> list[str] | None:
    """A bound of JSON as a list; None for `"*"`."""
    return None if value == "*" else [str(each) for each in value]


def from_bound(value: Iterable[str] | None) -> list[str] | Everything:
    """A bound as JSON has it, in order; `"*"` for None."""
    return "*" if value is None else sorted(value)
