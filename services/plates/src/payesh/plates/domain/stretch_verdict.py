"""Did the vehicle of two crossings drive too fast between them, surely, and was it one vehicle?

Each doubt favours the driver: what is ambiguous is no violation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from payesh.plates.domain.average_speed import (
    KMH_PER_MS,
    AverageSpeed,
    Passing,
    Way,
    average_speed,
)
from payesh.plates.domain.similar_plates import may_be_one

FASTEST_KMH = 250.0
"""No vehicle on the road is faster: two that carry one plate are."""
LEAST_WATCHED = timedelta(minutes=15)
_LIKE = (
    frozenset({"car", "van"}),
    frozenset({"van", "bus", "truck"}),
    frozenset({"motorcycle", "bicycle"}),
)
"""Classes that detectors take for each other."""
_UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What became of a vehicle that left a stretch."""

    FOUND = "found"
    WITHIN_LIMIT = "within_limit"
    NO_ENTRY = "no_entry"
    NOT_VALID = "not_valid"
    CLOCK_UNVERIFIED = "clock_unverified"
    READ_UNSURE = "read_unsure"
    LINE_MOVED = "line_moved"
    ANOTHER_CLASS = "another_class"
    SEEN_TWICE = "seen_twice"
    SEEN_ELSEWHERE = "seen_elsewhere"
    SIMILAR_PLATE = "similar_plate"
    TOO_FAST = "too_fast"


@dataclass(frozen=True, slots=True)
class Stretch:
    """The stretch as it is judged; `via_cameras` may see a vehicle in between."""

    way: Way
    entry_camera_id: str
    exit_camera_id: str
    valid_from: datetime
    valid_to: datetime
    via_cameras: frozenset[str] = frozenset()

    @property
    def slowest(self) -> timedelta:
        """Who takes longer is no faster than the limit, whatever the uncertainties."""
        return timedelta(seconds=KMH_PER_MS * self.way.shortest_m / self.way.limit_kmh)

    @property
    def watched(self) -> timedelta:
        """How long before and after another sighting at a line makes a pair ambiguous."""
        return max(LEAST_WATCHED, 2 * self.slowest)

    @property
    def soonest_return(self) -> timedelta:
        """No vehicle that left the stretch is at its beginning again before this."""
        return timedelta(seconds=KMH_PER_MS * self.way.shortest_m / FASTEST_KMH)


@dataclass(frozen=True, slots=True)
class Crossed:
    """A vehicle crossed a line of the stretch. `text` has `?` for what was hidden, and is None for
    an unreadable plate; `is_sure` where the read would carry a citation. `is_surveyed` is False
    where the line is not as the stretch was measured to it."""

    passage_id: UUID
    passing: Passing
    text: str | None
    is_sure: bool
    clock_verified: bool
    vehicle_class: str
    is_surveyed: bool = True


@dataclass(frozen=True, slots=True)
class SeenAt:
    """A read of the same plate by any camera."""

    passage_id: UUID
    camera_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else was seen: crossings of both lines in the stretch's `watched` time around the one
    that is judged, and sightings of its plate by any camera, in no order."""

    entries: Sequence[Crossed]
    exits: Sequence[Crossed]
    sightings: Sequence[SeenAt]


@dataclass(frozen=True, slots=True)
class Judgement:
    """`entry` is None where there is none to be compared with, `speed` where none was computed."""

    verdict: Verdict
    entry: Crossed | None = None
    speed: AverageSpeed | None = None


def judge(stretch: Stretch, left: Crossed, around: Surroundings) -> Judgement:
    """What is to be made of a vehicle that left the stretch."""
    if not left.clock_verified:
        return Judgement(Verdict.CLOCK_UNVERIFIED)
    if not left.is_sure or left.text is None:
        return Judgement(Verdict.READ_UNSURE)
    at = left.passing.at
    entries = [
        each
        for each in around.entries
        if each.text == left.text
        and each.passage_id != left.passage_id
        and at - stretch.watched <= each.passing.at <= at + stretch.soonest_return
    ]
    before = [each for each in entries if each.passing.at < at]
    if not before:
        return Judgement(Verdict.NO_ENTRY)
    entry = max(before, key=lambda each: each.passing.at)
    speed = average_speed(stretch.way, entry.passing, left.passing)
    if speed is not None and not speed.exceeds(stretch.way.limit_kmh):
        return Judgement(Verdict.WITHIN_LIMIT, entry, speed)
    doubt = _doubt(stretch, left, entry, entries, around, speed)
    return Judgement(doubt or Verdict.FOUND, entry, speed)


def _doubt(
    stretch: Stretch,
    left: Crossed,
    entry: Crossed,
    entries: Sequence[Crossed],
    around: Surroundings,
    speed: AverageSpeed | None,
) -> Verdict | None:
    """Why a vehicle that seems too fast is not accused; None where nothing speaks for it."""
    entered_at, left_at, text = entry.passing.at, left.passing.at, left.text
    if not (stretch.valid_from <= entered_at and left_at <= stretch.valid_to):
        return Verdict.NOT_VALID
    if not (entry.is_surveyed and left.is_surveyed):
        return Verdict.LINE_MOVED
    if not entry.clock_verified:
        return Verdict.CLOCK_UNVERIFIED
    if not entry.is_sure:
        return Verdict.READ_UNSURE
    if speed is None or speed.value_kmh > FASTEST_KMH:
        return Verdict.TOO_FAST
    if _contradict(entry.vehicle_class, left.vehicle_class):
        return Verdict.ANOTHER_CLASS
    exits = [
        each
        for each in around.exits
        if each.passage_id not in (left.passage_id, entry.passage_id)
        and each.text is not None
        and entered_at <= each.passing.at <= left_at + stretch.watched
    ]
    if len(entries) > 1 or any(each.text == text for each in exits):
        return Verdict.SEEN_TWICE
    if any(
        each.passage_id not in (left.passage_id, entry.passage_id)
        and each.camera_id not in stretch.via_cameras
        and entered_at <= each.at <= left_at
        for each in around.sightings
    ):
        return Verdict.SEEN_ELSEWHERE
    rivals = [
        each
        for each in around.entries
        if each.passage_id not in (left.passage_id, entry.passage_id)
        and left_at - stretch.watched <= each.passing.at <= left_at
    ]
    if any(_may_be(each.text, text) for each in (*rivals, *exits)):
        return Verdict.SIMILAR_PLATE
    return None


def _may_be(text: str | None, other: str | None) -> bool:
    return text is not None and other is not None and may_be_one(text, other)


def _contradict(one: str, other: str) -> bool:
    """Whether no vehicle is seen as both classes. An unknown class contradicts none."""
    if _UNKNOWN in (one, other) or one == other:
        return False
    return not any({one, other} <= group for group in _LIKE)
