"""The immutable document on which a camera's measurements rest."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from payesh.contracts.values import (
    Certificate,
    Identifier,
    NonNegative,
    PlaceClass,
    RoadClass,
    UtcTime,
    Value,
)

Point = tuple[float, float]


class ControlPoint(Value):
    """A surveyed mark: where it is in the image and on the road."""

    image_px: Point
    ground_m: Point


class Calibration(Value):
    """Ground-plane calibration: at least four control points and how well they are known.

    Ground x runs across the road, y along it, in metres; the origin is the surveyor's choice.
    """

    control_points: tuple[ControlPoint, ...] = Field(min_length=4, max_length=64)
    ground_u95_m: NonNegative = Field(description="95 % uncertainty of a control point on the road")
    length_scale_u95: NonNegative = Field(
        description="95 % relative uncertainty of lengths along the road, from the survey"
    )
    camera_height_m: Annotated[float, Field(gt=0, le=100)]


class Lane(Value):
    """A lane between two ground x positions."""

    name: Annotated[str, Field(min_length=1, max_length=32)]
    from_x_m: float
    to_x_m: float


class MeasuredZone(Value):
    """Where speeds are measured. Vehicles enter at `entry_y_m` and leave at `exit_y_m`."""

    entry_y_m: float
    exit_y_m: float
    lanes: tuple[Lane, ...] = Field(min_length=1, max_length=12)


class DetectorKind(StrEnum):
    MOTION = "motion"
    ONNX = "onnx"


class Detection(Value):
    """How vehicles are found. `model` names a model that `detect` has; null is its default one."""

    kind: DetectorKind
    model: Annotated[str, Field(max_length=100)] | None = None
    minimum_confidence: Annotated[float, Field(ge=0, le=1)] = 0.35
    frame_stride: Annotated[int, Field(ge=1, le=50)] = 1


class SourceKind(StrEnum):
    RTSP = "rtsp"
    RECORDINGS = "recordings"
    SNAPSHOTS = "snapshots"


class Location(Value):
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class CameraRevision(Value):
    """One immutable configuration of a camera. Without calibration or zone no speed is measured;
    without a certificate in date no citation is drafted. The source's address is not part of it."""

    camera_id: Identifier
    revision: Annotated[int, Field(ge=1)]
    created_at: UtcTime
    name: Annotated[str, Field(min_length=1, max_length=200)]
    county: Identifier
    road_class: RoadClass
    place_class: PlaceClass
    location: Location
    source_kind: SourceKind
    width_px: Annotated[int, Field(ge=16, le=16384)] | None
    height_px: Annotated[int, Field(ge=16, le=16384)] | None
    speed_limit_kmh: Annotated[float, Field(gt=0, le=200)] | None
    detection: Detection
    calibration: Calibration | None
    zone: MeasuredZone | None
    certificate: Certificate | None
    maximum_clock_u95_ms: Annotated[float, Field(gt=0)] = 500.0
