"""Which plate is the vehicle's own, and which reading of several shots its passage gets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from payesh.plates.domain.agreement import agreed
from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.reading import PlateReading

_MOST_PLATES = 4
"""Located plates of one vehicle that are read; any more are lettering."""
_LEAST_LEGIBLE = 0.2
"""Lettering mistaken for a plate is read with less confidence: 0.1 and below in photographs."""
_SURELY_A_PLATE = 0.85
"""Locator's score from which an illegible plate still counts as one."""


@dataclass(frozen=True, slots=True)
class ShotReading:
    """A plate located and read in one shot; `shot` is the shot's index in the passage.

    `plates` is how many of the plates in the shot may be the vehicle's own, this one included.
    """

    shot: int
    plate: LocatedPlate
    reading: PlateReading
    plates: int = 1

    @property
    def confidence(self) -> float:
        """Probability that the text is right and the vehicle's own."""
        return self.reading.confidence / self.plates


def plates_of_vehicle(
    plates: Sequence[LocatedPlate], vehicle: tuple[float, float, float, float]
) -> list[LocatedPlate]:
    """The plates in a vehicle's crop that may be its own, the highest score first.

    `vehicle` is x, y, width, height in pixels of the crop. A crop has a margin in which another
    vehicle's plate may appear: its centre is then outside the vehicle's box.
    """
    x, y, width, height = vehicle
    inside = [
        plate
        for plate in plates
        if x <= plate.x + plate.width / 2 <= x + width
        and y <= plate.y + plate.height / 2 <= y + height
    ]
    return sorted(inside, key=lambda plate: -plate.score)[:_MOST_PLATES]


def own_plate(
    shot: int, plates: Sequence[LocatedPlate], readings: Sequence[PlateReading]
) -> ShotReading | None:
    """The vehicle's own plate among those inside its box; None when there is no plate.

    `plates` have the highest score first, `readings` are theirs in the same order. Of several
    legible plates the lowest is taken: two cars close behind one another may be detected as one
    vehicle, and the lower plate belongs to the nearer car, at whose lower edge the speed was
    measured.
    """
    found = [ShotReading(shot, *each) for each in zip(plates, readings, strict=True)]
    if not found:
        return None
    legible = [each for each in found if _is_legible(each.reading)]
    own = max(legible, key=lambda each: each.plate.y + each.plate.height, default=found[0])
    others = [
        each
        for each in found
        if (_is_a_plate(each.reading) or each.plate.score >= _SURELY_A_PLATE)
        and each.reading.text != own.reading.text
        and not _overlap(each.plate, own.plate)
    ]
    return replace(own, plates=1 + len(others))


def best_read(readings: Sequence[ShotReading]) -> ShotReading | None:
    """The text that the shots together support most, in the shot where it is surest; None when
    nothing was legible.

    A shot in which a character is hidden says nothing against one that shows it, so it has no vote
    where the rest agrees with a complete reading; what no shot shows stays unreadable. One that
    shows too little to name a vehicle still speaks against a text that it contradicts.

    A passage that shows several plates in any shot may be several cars, and shots that agree
    may agree on the wrong one. So the confidence is that of the reading divided by the number of
    plates: at one half or less the passage can be searched for, but no citation is drafted from it.
    """
    complete = [each.reading for each in readings if each.reading.is_complete]
    voting = [
        each
        for each in readings
        if each.reading.is_complete
        or (each.reading.is_legible and not any(each.reading.may_be(other) for other in complete))
    ]
    together = agreed([each.reading for each in voting])
    if together is None:
        return None
    index, reading = together
    reading = replace(reading, confidence=reading.confidence * _undisputed(reading, readings))
    return replace(voting[index], reading=reading, plates=max(each.plates for each in readings))


def _undisputed(reading: PlateReading, shots: Sequence[ShotReading]) -> float:
    """The share that the shots which it may be have against those that show too little to vote but
    contradict it: 1 where there are none of these."""
    shown = [each.reading for each in shots if each.reading.layout is not None]
    against = sum(
        each.confidence for each in shown if not (each.is_legible or each.may_be(reading))
    )
    support = sum(each.confidence for each in shown if each.may_be(reading))
    return support / (support + against) if against > 0 else 1.0


def _is_legible(reading: PlateReading) -> bool:
    return _is_a_plate(reading) and reading.is_legible


def _is_a_plate(reading: PlateReading) -> bool:
    """Whether a plate was read, if only in part: of lettering every character is unreadable."""
    return (
        reading.layout is not None
        and reading.unreadable_places < len(reading.characters)
        and reading.confidence >= _LEAST_LEGIBLE
    )


def _overlap(a: LocatedPlate, b: LocatedPlate) -> bool:
    return (
        abs(2 * (a.x - b.x) + a.width - b.width) < a.width + b.width
        and abs(2 * (a.y - b.y) + a.height - b.height) < a.height + b.height
    )
