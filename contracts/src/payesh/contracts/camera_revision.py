"""The immutable document on which a camera's measurements rest."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from payesh.contracts.values import (
    Certificate,
    Identifier,
    NonNegative,
    PlaceClass,
    PlaceName,
    RoadClass,
    UtcTime,
    Value,
)
from payesh.contracts.vocabulary import Term

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


class Detection(Value):
    """How vehicles are found. `model` names a model that `detect` has; null is its default one."""

    kind: Term
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


class Weekday(StrEnum):
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"


ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Period(Value):
    """Local clock times on some days. When `until` is not after `since` it ends the next day."""

    weekdays: tuple[Weekday, ...] = Field(min_length=1, max_length=7)
    since: ClockTime
    until: ClockTime


class Schedule(Value):
    """When something holds, in local time. Names are unique in a revision."""

    name: PlaceName
    time_zone: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        default="Asia/Tehran", description="IANA name"
    )
    periods: tuple[Period, ...] = Field(min_length=1, max_length=32)


class Scoped(Value):
    """What something applies to: null means every vehicle class, and at all times."""

    vehicle_classes: tuple[Term, ...] | None = Field(default=None, min_length=1, max_length=32)
    schedule: PlaceName | None = None


class MarkedLine(Value):
    """A line in the picture of `width_px` by `height_px`, in pixels from the top left.

    A crossing is positive from the left to the right of the direction from `from_px` to `to_px`.
    """

    name: PlaceName
    kind: Term
    from_px: Point
    to_px: Point


class MarkedRegion(Scoped):
    """A polygon in the picture and what being in it means for the vehicles it applies to."""

    name: PlaceName
    kind: Term
    polygon_px: tuple[Point, ...] = Field(min_length=3, max_length=64)


class MarkedLane(Scoped):
    """A lane in the picture. Vehicles drive from `from_px` to `to_px`; its scope is who may
    use it."""

    name: PlaceName
    polygon_px: tuple[Point, ...] = Field(min_length=3, max_length=64)
    from_px: Point
    to_px: Point


class Movement(Scoped):
    """A way through the junction by its entry and exit gates, allowed or forbidden."""

    entry: PlaceName
    exit: PlaceName
    allowed: bool


class Lamp(Value):
    """Where in the picture a lamp of a signal head is, in pixels from the top left."""

    state: Term
    x_px: NonNegative
    y_px: NonNegative
    width_px: Annotated[float, Field(gt=0)]
    height_px: Annotated[float, Field(gt=0)]


class SignalHead(Value):
    """A signal head, the stop line that it governs."""

    name: PlaceName
    stop_line: PlaceName
    lamps: tuple[Lamp, ...] = Field(max_length=8)
    grace_ms: Annotated[int, Field(ge=0, le=10_000)]


class SpeedLimit(Scoped):
    """A limit for some vehicles, lanes or times; the lowest that applies counts."""

    speed_limit_kmh: Annotated[float, Field(gt=0, le=200)]
    lanes: tuple[PlaceName, ...] | None = Field(default=None, min_length=1, max_length=12)


class Stretch(Value):
    """A road from one camera to the next, over which an average speed is measured. It stands in the
    revision of the camera where it ends.

    `entry_line` is the line as it is marked at the entry camera: the way was measured from there,
    and the crossing of a line that was moved since begins no stretch.
    """

    name: PlaceName
    entry_camera_id: Identifier
    entry_line: MarkedLine
    exit_line: PlaceName
    shortest_way_m: Annotated[float, Field(gt=0, le=100_000)] = Field(
        description="Shortest way that a vehicle can drive from the entry line to the exit line"
    )
    way_u95_m: NonNegative = Field(description="95 % uncertainty of the shortest way")
    speed_limit_kmh: Annotated[float, Field(gt=0, le=200)] = Field(
        description="The highest limit that is posted anywhere on the way"
    )
    valid_from: UtcTime
    valid_to: UtcTime
    via_cameras: tuple[Identifier, ...] = Field(
        default=(),
        max_length=32,
        description="Cameras on the way: a vehicle that they see in between is no other one",
    )


class IncidentThresholds(Value):
    """From when on an incident is raised; null is `detect`'s own threshold. A stated time counts
    before a stop line too, where `detect`'s own is longer than a signal stays red."""

    stopped_vehicle_s: Annotated[float, Field(ge=10, le=3600)] | None = Field(
        default=None, description="How long a vehicle stands on the carriageway"
    )
    queue_s: Annotated[float, Field(ge=5, le=3600)] | None = Field(
        default=None, description="How long a lane's queue is over its length"
    )
    queue_m: Annotated[float, Field(ge=10, le=1000)] | None = Field(
        default=None,
        description="How long a lane's queue is where the road is measured; four fifths of a lane "
        "that is known for less",
    )
    queue_vehicles: Annotated[int, Field(ge=3, le=100)] | None = Field(
        default=None, description="How many vehicles a lane's queue has where it is not measured"
    )
    pedestrian_s: Annotated[float, Field(ge=1, le=600)] | None = Field(
        default=None, description="How long a person is on the carriageway"
    )


class CameraRevision(Value):
    """One immutable configuration of a camera. Without calibration or zone no speed is measured;
    without a certificate in date no citation is drafted. The source's address is not part of it.

    Marks refer to each other by name. Absent marks arm no rule."""

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
    source_basic_allowed: bool = Field(
        default=False,
        description="Whether the camera's password may be sent as Basic authentication, which "
        "anyone between can read, where the camera offers no Digest",
    )
    lines: tuple[MarkedLine, ...] = Field(default=(), max_length=64)
    regions: tuple[MarkedRegion, ...] = Field(default=(), max_length=64)
    lanes: tuple[MarkedLane, ...] = Field(default=(), max_length=16)
    movements: tuple[Movement, ...] = Field(default=(), max_length=128)
    signal_heads: tuple[SignalHead, ...] = Field(default=(), max_length=16)
    limits: tuple[SpeedLimit, ...] = Field(default=(), max_length=32)
    schedules: tuple[Schedule, ...] = Field(default=(), max_length=32)
    stretches: tuple[Stretch, ...] = Field(default=(), max_length=8)
    incidents: IncidentThresholds | None = None
