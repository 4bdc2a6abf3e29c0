"""What the observer concludes from a stream, before crops are stored and events are said."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from payesh.contracts.values import Box, ClockSource, SegmentLink
from payesh.contracts.vocabulary import PassageEnd
from payesh.detect.domain.counts import CountedInterval
from payesh.detect.domain.rules import Speeding
from payesh.detect.domain.speed import SpeedEstimate


@dataclass(frozen=True, slots=True)
class ShotTaken:
    """A picture of the vehicle at `box`. `crop_jpeg` shows `crop_box` pixel for pixel: the box
    and a margin around it."""

    sequence: int
    frame_at: datetime
    box: Box
    crop_box: Box
    crop_jpeg: bytes
    sharpness: float


@dataclass(frozen=True, slots=True)
class PassageTaken:
    """One vehicle seen once; `speeding` when its speed's lower bound breaks the limit, and then
    `links` are the segments from the first that shows it to the one it ends in. The clock is the
    worst of the segments that show it."""

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
    shots: tuple[ShotTaken, ...]
    speeding: Speeding | None
    links: tuple[SegmentLink, ...]


@dataclass(frozen=True, slots=True)
class CountsTaken:
    interval: CountedInterval


Observation = PassageTaken | CountsTaken
