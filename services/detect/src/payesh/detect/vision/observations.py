"""What the observer concludes from a stream, before crops are stored and events are published."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from payesh.contracts.detect import VehicleTrack
from payesh.contracts.values import Box, ClockSource, SegmentLink
from payesh.contracts.vocabulary import PassageEnd
from payesh.detect.domain.counts import CountedInterval
from payesh.detect.domain.health.condition import ConditionChange
from payesh.detect.domain.incidents.incident import IncidentChange
from payesh.detect.domain.rules.finding import Facts, Quantity
from payesh.detect.domain.speed import SpeedEstimate


@dataclass(frozen=True, slots=True)
class ObservedShot:
    """A picture of the vehicle at `box`. `crop_jpeg` shows `crop_box` pixel for pixel: the box
    and a margin around it."""

    sequence: int
    frame_at: datetime
    box: Box
    crop_box: Box
    crop_jpeg: bytes
    sharpness: float


@dataclass(frozen=True, slots=True)
class ObservedCrossing:
    """The vehicle surely crossed a line of a measurement; see `MeasuredCrossing`."""

    line: str
    crossed_at: datetime
    u95_ms: float
    approaching: bool


@dataclass(frozen=True, slots=True)
class ObservedPassage:
    """One vehicle seen once. The clock is the worst of the segments that show it. `links` are the
    segments that show its `crossings`, none where it crossed no line of a measurement."""

    passage_id: UUID
    captured_at: datetime
    first_seen_at: datetime
    last_seen_at: datetime
    clock_source: ClockSource
    clock_u95_ms: float
    ended_by: PassageEnd
    vehicle_class: str
    confidence: float
    lane: str | None
    speed: SpeedEstimate | None
    shots: tuple[ObservedShot, ...]
    crossings: tuple[ObservedCrossing, ...] = ()
    links: tuple[SegmentLink, ...] = ()


@dataclass(frozen=True, slots=True)
class ObservedViolation:
    """A rule broken by the vehicle of a passage that was observed before. `links` are the segments
    of its own evidence window: from the first that it rests on to the one it ends in; `track` is
    the vehicle in that window, None where no frames were followed."""

    passage_id: UUID
    rule: str
    captured_at: datetime
    clock_source: ClockSource
    clock_u95_ms: float
    vehicle_class: str
    confidence: float
    lane: str | None
    measurement: Quantity | Facts
    links: tuple[SegmentLink, ...]
    track: VehicleTrack | None = None


@dataclass(frozen=True, slots=True)
class ObservedCounts:
    """What passed in one interval of the stream."""

    interval: CountedInterval


@dataclass(frozen=True, slots=True)
class ObservedIncident:
    """An incident was raised, or ended."""

    change: IncidentChange


@dataclass(frozen=True, slots=True)
class ObservedCondition:
    """A condition of the detector was raised or cleared."""

    change: ConditionChange


Observation = (
    ObservedPassage | ObservedViolation | ObservedCounts | ObservedIncident | ObservedCondition
)
