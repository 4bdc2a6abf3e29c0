"""Events of `detect`."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from payesh.contracts.camera_revision import MarkedLine, Stretch
from payesh.contracts.event import CameraEvent, CapturedEvent, deterministic_id
from payesh.contracts.values import (
    Box,
    Certificate,
    ClockSource,
    Confidence,
    Identifier,
    Measurement,
    NonNegative,
    ObjectReference,
    Provenance,
    RevisionReference,
    SegmentLink,
    UtcTime,
    Uuid,
    Value,
)
from payesh.contracts.vocabulary import Term


class Shot(Value):
    """A picture of the vehicle: where it comes from and the crop that was kept of it.

    `box` is the vehicle in the frame; `crop` shows the frame's `crop_box`, pixel for pixel.
    """

    stream_id: Uuid
    sequence: Annotated[int, Field(ge=0)]
    frame_at: UtcTime
    box: Box
    crop: ObjectReference
    crop_box: Box
    sharpness: NonNegative


class Vehicle(Value):
    vehicle_class: Term
    confidence: Confidence


class Speed(Value):
    speed_kmh: NonNegative
    speed_u95_kmh: NonNegative
    method: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class LineCrossing(Value):
    """The vehicle surely crossed a line of the kind `measurement`, in its direction: from the left
    to the right. `line` is as marked in the revision.

    `u95_ms` is how far the vehicle's lower edge and the times of the frames leave the moment open;
    the clock's uncertainty comes on top. What crossed is the vehicle's front where it was
    `approaching` the camera, else its rear.
    """

    line: MarkedLine
    crossed_at: UtcTime
    u95_ms: NonNegative
    approaching: bool


class PassageObserved(CapturedEvent):
    """One vehicle seen once by one camera. `captured_at` is the moment of its last shot's frame
    or, if it crossed the exit line, of the crossing.

    Where it crossed lines of a measurement, `crossings` are these, `stretches` those that end at
    one of them, `segments` the ones that show the vehicle, and `certificate` the revision's."""

    topic: ClassVar[str] = "detect.passage.observed.v1"

    passage_id: Uuid
    revision: RevisionReference
    stream_id: Uuid
    first_seen_at: UtcTime
    last_seen_at: UtcTime
    ended_by: Term
    vehicle: Vehicle
    lane: Annotated[str, Field(max_length=32)] | None
    speed: Speed | None
    shots: tuple[Shot, ...] = Field(max_length=16)
    provenance: Provenance
    crossings: tuple[LineCrossing, ...] = Field(default=(), max_length=8)
    stretches: tuple[Stretch, ...] = Field(default=(), max_length=8)
    segments: tuple[SegmentLink, ...] = Field(default=(), max_length=512)
    certificate: Certificate | None = None

    def key(self) -> str:
        return str(self.passage_id)

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.passage_id)


class EntryPassage(Value):
    """The same vehicle at the camera where a stretch begins, with that camera's evidence."""

    passage_id: Uuid
    camera_id: Identifier
    stream_id: Uuid
    captured_at: UtcTime
    clock_source: ClockSource
    clock_u95_ms: NonNegative
    revision: RevisionReference
    certificate: Certificate | None
    segments: tuple[SegmentLink, ...] = Field(max_length=512)
    shots: tuple[Shot, ...] = Field(max_length=16)
    vehicle: Vehicle | None = None


class StretchDriven(Value):
    """What an average speed was computed from: the lower bound of `average_speed_kmh` is
    `least_way_m` over `longest_time_s`.

    `least_way_m` is the shortest way less its uncertainty, less what the seen lower edges may be
    off the road, and less a vehicle's length where its rear began the stretch and its front ended
    it. `longest_time_s` is from one crossing to the other, with all of their uncertainties and
    those of both clocks added up.
    """

    stretch: Stretch
    entered: LineCrossing
    left: LineCrossing
    least_way_m: NonNegative
    longest_time_s: NonNegative


class BoxAt(Value):
    """A box in one frame."""

    frame_at: UtcTime
    box: Box


class GroundPosition(Value):
    """Where the middle of the vehicle's lower edge met the road, in metres of the revision's
    calibrated plane."""

    frame_at: UtcTime
    x_m: float
    y_m: float


class VehicleTrack(Value):
    """The vehicle over the frames that the violation rests on, in order of time; of more frames
    than the bound allows an even choice, with the first and the last. `ground` is empty without a
    calibration, and leaves out frames whose border cuts the box."""

    boxes: tuple[BoxAt, ...] = Field(max_length=256)
    ground: tuple[GroundPosition, ...] = Field(max_length=256)


class ViolationDetected(CapturedEvent):
    """A vehicle broke a rule beyond doubt: by the lower bound of a quantity, or by a finding whose
    margin is above zero. `segments` end with the one that the evidence ends in."""

    topic: ClassVar[str] = "detect.violation.detected.v1"

    violation_id: Uuid
    passage_id: Uuid
    revision: RevisionReference
    stream_id: Uuid
    rule: Term
    vehicle: Vehicle
    lane: Annotated[str, Field(max_length=32)] | None
    measurement: Measurement
    certificate: Certificate | None
    segments: tuple[SegmentLink, ...] = Field(min_length=1, max_length=512)
    shots: tuple[Shot, ...] = Field(max_length=16)
    provenance: Provenance
    entry_passage: EntryPassage | None = None
    track: VehicleTrack | None = None
    driven: StretchDriven | None = None

    def key(self) -> str:
        return str(self.passage_id)

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.violation_id)


class TrafficCount(Value):
    lane: Annotated[str, Field(max_length=32)] | None
    vehicle_class: Term
    vehicles: Annotated[int, Field(ge=0)]
    mean_speed_kmh: NonNegative | None


class LaneTraffic(Value):
    """All vehicles of a lane in an interval. `p85_speed_kmh` is the speed that 85 in 100 of the
    measured ones did not exceed; `mean_headway_s` is from one vehicle's passing to the next one's,
    null where fewer than two passed.

    `occupancy` is the share of the watched time in which a vehicle covered the lane's measuring
    place; `queue_vehicles` and `queue_m` are the longest queue that stood in it at a moment. All
    three are null where standing vehicles are not seen, `queue_m` where the road is not measured.
    """

    lane: Annotated[str, Field(max_length=32)] | None
    vehicles: Annotated[int, Field(ge=0)]
    mean_speed_kmh: NonNegative | None
    p85_speed_kmh: NonNegative | None
    mean_headway_s: NonNegative | None
    occupancy: Annotated[float, Field(ge=0, le=1)] | None = None
    queue_vehicles: Annotated[int, Field(ge=0)] | None = None
    queue_m: NonNegative | None = None


class TrafficCounted(CameraEvent):
    """Vehicles that passed in one interval of a stream; intervals do not overlap."""

    topic: ClassVar[str] = "detect.traffic.counted.v1"

    stream_id: Uuid
    started_at: UtcTime
    ended_at: UtcTime
    counts: tuple[TrafficCount, ...]
    provenance: Provenance
    lanes: tuple[LaneTraffic, ...] = ()

    def key(self) -> str:
        return self.camera_id

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.stream_id, self.started_at.isoformat())


class IncidentObserved(CapturedEvent):
    """An incident on the road was raised, or ended: then `ended_at` is not null. It is published
    once as raised and once as ended, with the same `incident_id`. It accuses nobody.

    `began_at` is since when it lasts, `captured_at` when that was sure, or when it was sure to be
    over. `box` is where it was in the picture when it was raised. `value` is the named quantity
    against its threshold: when it was raised, and in the end the largest; the unit is in its name.
    """

    topic: ClassVar[str] = "detect.incident.observed.v1"

    incident_id: Uuid
    stream_id: Uuid
    revision: RevisionReference
    incident: Term
    began_at: UtcTime
    ended_at: UtcTime | None
    ended_by: Term | None
    lane: Annotated[str, Field(max_length=32)] | None
    box: Box
    vehicle_class: Term | None
    quantity: Term
    value: NonNegative
    threshold: NonNegative
    provenance: Provenance

    def key(self) -> str:
        return self.camera_id

    def event_id(self) -> UUID:
        state = "raised" if self.ended_at is None else "ended"
        return deterministic_id(self.topic, self.incident_id, state)


class DetectorHealthChanged(CameraEvent):
    """A self-check of a camera's detector was raised or cleared: its `value` against the
    `threshold`. `value` is null where it was cleared because its stream is over."""

    topic: ClassVar[str] = "detect.detector.health-changed.v1"

    stream_id: Uuid
    condition: Term
    raised: bool
    changed_at: UtcTime
    value: NonNegative | None
    threshold: NonNegative
    provenance: Provenance

    def key(self) -> str:
        return self.camera_id

    def event_id(self) -> UUID:
        return deterministic_id(
            self.topic, self.stream_id, self.condition, self.raised, self.changed_at.isoformat()
        )
