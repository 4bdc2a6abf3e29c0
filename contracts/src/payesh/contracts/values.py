"""Values that several events share. Frozen; units are in the names."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    WithJsonSchema,
)

from payesh.contracts.vocabulary import Term

UTC_TIME_PATTERN = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$"
"""RFC 3339 in UTC, spelt with `Z`: an offset is a surface's matter, a naive time an error."""
SHA256_PATTERN = r"^[0-9a-f]{64}$"
IDENTIFIER_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"

_utc_time = re.compile(UTC_TIME_PATTERN)


def _require_utc(value: Any) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None or value.utcoffset() is None:
            raise ValueError("a time must be aware and in UTC")
        offset = value.utcoffset()
        if offset is not None and offset.total_seconds() != 0:
            raise ValueError("a time must be in UTC")
        return value
    if isinstance(value, str) and _utc_time.match(value):
        return datetime.fromisoformat(value)
    raise ValueError("a time must be RFC 3339 in UTC, ending in Z")


def format_utc(value: datetime) -> str:
    """Spell an aware UTC time as the contracts do: microseconds and `Z`."""
    return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


UtcTime = Annotated[
    datetime,
    BeforeValidator(_require_utc),
    PlainSerializer(format_utc, return_type=str, when_used="json"),
    # As in the published schemas; the serializer's type alone would allow any text.
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": UTC_TIME_PATTERN}),
]
Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]
Identifier = Annotated[str, Field(pattern=IDENTIFIER_PATTERN)]
Confidence = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
_UUID_PATTERN = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def _require_canonical_uuid(value: Any) -> Any:
    # Pydantic reads braces and URNs too; the schema, and a key compared as text, does not.
    if isinstance(value, UUID):
        return value
    if isinstance(value, str) and _UUID_PATTERN.match(value):
        return UUID(value)
    raise ValueError("a UUID is written in lower case with hyphens")


Uuid = Annotated[UUID, BeforeValidator(_require_canonical_uuid)]


class Value(BaseModel):
    """A frozen value. Unknown fields are ignored on reading and refused on producing."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


class RoadClass(StrEnum):
    FREEWAY = "freeway"
    HIGHWAY = "highway"
    MAIN_ARTERIAL = "main_arterial"
    MINOR_ARTERIAL = "minor_arterial"
    LOCAL = "local"


class PlaceClass(StrEnum):
    """Fine column: A metropolises, provincial capitals, intercity; B other cities; C villages."""

    A = "A"
    B = "B"
    C = "C"


class ClockSource(StrEnum):
    RTCP = "rtcp"
    DEVICE = "device"
    DECLARED = "declared"
    UNVERIFIED = "unverified"


class ObjectReference(Value):
    """Where bytes lie and what they hash to."""

    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    key: Annotated[str, Field(min_length=1, max_length=1024)]
    version_id: str | None
    sha256: Sha256
    size_bytes: Annotated[int, Field(ge=0)]
    media_type: Annotated[str, Field(min_length=3, max_length=127)]


class RevisionReference(Value):
    """The immutable camera configuration in force at capture."""

    revision: Annotated[int, Field(ge=1)]
    sha256: Sha256
    object: ObjectReference


class Box(Value):
    """Pixels, origin at the top left of the full frame."""

    x_px: NonNegative
    y_px: NonNegative
    width_px: NonNegative
    height_px: NonNegative


class SegmentLink(Value):
    """One link of a stream's hash chain; `init` is null for a still."""

    stream_id: Uuid
    sequence: Annotated[int, Field(ge=0)]
    fencing_token: Annotated[int, Field(ge=0)]
    captured_at: UtcTime
    duration_ms: Annotated[int, Field(ge=0)]
    init: ObjectReference | None
    media: ObjectReference
    previous_link_sha256: Sha256 | None
    link_sha256: Sha256


class ModelReference(Value):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    sha256: Sha256


class Provenance(Value):
    """What computed a derived fact."""

    software_version: Annotated[str, Field(min_length=1, max_length=100)]
    models: tuple[ModelReference, ...]


class Plate(Value):
    """Canonical text: ASCII digits and Persian letter, for example 12ب34567. How spellings fold to
    it: `examples/plate_text.json`."""

    layout: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    text: Annotated[str, Field(min_length=1, max_length=32)]


class Certificate(Value):
    """A measuring device's certificate, as it stood at capture."""

    number: Annotated[str, Field(min_length=1, max_length=64)]
    issued_by: Annotated[str, Field(min_length=1, max_length=200)]
    valid_from: UtcTime
    valid_to: UtcTime


QuantityName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
"""Name of a measured quantity with its unit, for example `speed_kmh`."""
PlaceName = Annotated[str, Field(min_length=1, max_length=64)]
"""Name of a line, region, lane or signal head in the camera's revision."""


class MeasuredQuantity(Value):
    """A quantity that broke a limit: the 95 % interval is value ± u95."""

    kind: Literal["quantity"]
    quantity: QuantityName
    value: float
    u95: NonNegative
    limit: float
    lower_bound: float


class SignalFact(Value):
    """What a signal head showed at the moment of the finding, and since when."""

    signal_head: PlaceName
    lamp: Term
    since: UtcTime
    since_u95_ms: NonNegative


class CrossingFact(Value):
    """The vehicle's reference point crossed a marked line."""

    line: PlaceName
    crossed_at: UtcTime
    u95_ms: NonNegative


class StayFact(Value):
    """The vehicle was in a marked region; `left_at` is null while it was still there."""

    region: PlaceName
    entered_at: UtcTime
    left_at: UtcTime | None
    stationary_ms: Annotated[int, Field(ge=0)] | None


class DirectionFact(Value):
    """Degrees clockwise from the top of the picture, of the vehicle and as permitted."""

    heading_deg: Annotated[float, Field(ge=0, lt=360)]
    permitted_deg: Annotated[float, Field(ge=0, lt=360)]
    u95_deg: NonNegative
    distance_m: NonNegative | None


class Facts(Value):
    """What a finding rests on. A fact that the rule does not need is absent or null."""

    signal: SignalFact | None = None
    crossings: tuple[CrossingFact, ...] = Field(default=(), max_length=8)
    stay: StayFact | None = None
    direction: DirectionFact | None = None


class Margin(Value):
    """How far beyond the rule the vehicle was, in the vehicle's favour.

    `lower_bound` is `value - u95 - grace`; a finding needs it above zero.
    """

    quantity: QuantityName
    value: float
    u95: NonNegative
    grace: NonNegative
    lower_bound: float


class Finding(Value):
    """A rule broken by what happened, not by a quantity: its facts and its margin."""

    kind: Literal["finding"]
    facts: Facts
    margin: Margin


Measurement = Annotated[MeasuredQuantity | Finding, Field(discriminator="kind")]
"""What a violation rests on: a measured quantity with its bound and limit, or a finding."""

MEASUREMENT: TypeAdapter[MeasuredQuantity | Finding] = TypeAdapter(Measurement)
"""Reads a stored measurement: `MEASUREMENT.validate_python`, `MEASUREMENT.validate_json`."""
