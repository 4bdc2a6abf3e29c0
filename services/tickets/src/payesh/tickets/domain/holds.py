"""What makes a draft doubtful before anybody looks: it is held, and says why.

A hold is no decision. The officer who sees it corrects the plate, rejects or returns the draft; a
supervisor sets a hold aside with the reason, and then it can be issued.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from payesh.tickets.domain.sighting import Sighting, metres_between


class SecondReaderRule(StrEnum):
    """Whether a draft needs a second reading of its plate."""

    REQUIRED = "required"
    WHEN_PRESENT = "when_present"
    OFF = "off"


class HoldKind(StrEnum):
    """Why a draft is held. Stored and published: a name never changes its meaning."""

    CLASS_MISMATCH = "class_mismatch"
    CLONED_PLATE = "cloned_plate"
    READERS_DISAGREE = "readers_disagree"
    SECOND_READING_MISSING = "second_reading_missing"


MEANINGS = {
    HoldKind.CLASS_MISMATCH: "The vehicle that was seen is of a class that has no such plates.",
    HoldKind.CLONED_PLATE: "The plate was seen elsewhere at a time that no vehicle can make.",
    HoldKind.READERS_DISAGREE: "A second reader did not read the same plate.",
    HoldKind.SECOND_READING_MISSING: "A second reading is required, and none was made.",
}


@dataclass(frozen=True, slots=True)
class PlateClasses:
    """Classes of vehicles on which a plate of the car's layout cannot be: for `all` of them, and by
    the plate's letter. None of either: nothing is held for it."""

    all: frozenset[str] = frozenset()
    by_letter: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def forbid(self, letter: str | None, vehicle_class: str) -> bool:
        """Whether a plate of this letter cannot be on such a vehicle; `letter` None is a plate of
        another layout, of which nothing is known.

        >>> taxis = PlateClasses(frozenset({"motorcycle"}), {"ت": frozenset({"bus"})})
        >>> taxis.forbid("ت", "bus"), taxis.forbid("ب", "bus"), taxis.forbid("ب", "motorcycle")
        (True, False, True)
        """
        if letter is None:
            return False
        return vehicle_class in self.all or vehicle_class in self.by_letter.get(letter, ())


CAMERA_PLACE_M = 100.0
"""How far from its camera's place a vehicle may be seen, and that place be written down wrong."""


@dataclass(frozen=True, slots=True)
class Journey:
    """From one sighting of a plate to another: the slowest that it can have been. `metres` is the
    straight line, less what both places are uncertain by; `seconds` the time, with what both clocks
    are uncertain by added."""

    metres: float
    seconds: float

    @property
    def kmh(self) -> float:
        return 3.6 * self.metres / self.seconds


def journey(first: Sighting, second: Sighting, clocks: timedelta) -> Journey:
    """`clocks` is the sum of the uncertainties of both clocks, at 95 %; at least a second is kept,
    for a stream may leave its clock by half of one.

    >>> from datetime import datetime
    >>> at = datetime(2026, 11, 20, 8)
    >>> there = Sighting("b", at + timedelta(minutes=10), 36.4, 54.9)
    >>> round(journey(Sighting("a", at, 35.5, 53.4), there, timedelta(0)).kmh)
    1008
    """
    metres = max(0.0, metres_between(first, second) - 2 * CAMERA_PLACE_M)
    apart = abs(second.captured_at - first.captured_at) + clocks + timedelta(seconds=1)
    return Journey(metres, apart.total_seconds())


@dataclass(frozen=True, slots=True)
class Reach:
    """What no vehicle does: faster than `kmh` from one camera to another, of sightings at most
    `window` apart. No window: nothing is held for it."""

    window: timedelta
    kmh: float

    def forbids(self, found: Journey) -> bool:
        return bool(self.window) and found.kmh > self.kmh


def doubt_of(plate: str, seconds: Sequence[str | None], rule: SecondReaderRule) -> HoldKind | None:
    """Why a draft of this plate is held, None where it is not. `seconds` are what the second reader
    read in each of its reads: empty where it read nothing, None where it was not asked. Whatever is
    not the plate itself is a disagreement: an unsure reader confirms nothing.

    >>> doubt_of("12ب34567", ["12ب34567"], SecondReaderRule.REQUIRED) is None
    True
    >>> doubt_of("12ب34567", ["12ب34567", "12ب3456?"], SecondReaderRule.WHEN_PRESENT)
    <HoldKind.READERS_DISAGREE: 'readers_disagree'>
    """
    if rule is SecondReaderRule.OFF:
        return None
    if any(second is not None and second != plate for second in seconds):
        return HoldKind.READERS_DISAGREE
    if rule is SecondReaderRule.REQUIRED and None in seconds:
        return HoldKind.SECOND_READING_MISSING
    return None


@dataclass(frozen=True, slots=True)
class Checks:
    """What a draft is held against."""

    classes: PlateClasses = PlateClasses()
    reach: Reach = Reach(timedelta(0), 0.0)
    second_reader: SecondReaderRule = SecondReaderRule.OFF


NO_CHECKS = Checks()
"""Nothing is held."""
