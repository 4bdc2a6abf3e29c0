"""Which of several pictures' readings a passage is given. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.plate_text import LAYOUT_UNKNOWN
from payesh.plates.domain.reading import PlateReading


@dataclass(frozen=True, slots=True)
class ShotReading:
    """One plate located and read in one shot; `shot` is the shot's place in the passage."""

    shot: int
    plate: LocatedPlate
    reading: PlateReading


def plate_of_vehicle(
    plates: Sequence[LocatedPlate], vehicle: tuple[float, float, float, float]
) -> LocatedPlate | None:
    """The vehicle's own plate among those in its crop; None when there is none.

    `vehicle` is x, y, width, height in pixels of the crop. A crop has a margin, in which a
    neighbour's plate may stand: its centre then lies outside the vehicle's box. Of plates inside,
    the surest counts.
    """
    x, y, width, height = vehicle
    inside = [
        plate
        for plate in plates
        if x <= plate.x + plate.width / 2 <= x + width
        and y <= plate.y + plate.height / 2 <= y + height
    ]
    return max(inside, key=lambda plate: plate.score, default=None)


def best_read(readings: Sequence[ShotReading]) -> ShotReading | None:
    """The text that the readings together support most, in its surest picture.

    Every reading votes for its text with its confidence. Where pictures disagree, the winner's
    confidence shrinks by the share of the votes that it got, so that a plate read in two ways is
    never sure. A text of no known layout counts only when there is no other.
    """
    known = [r for r in readings if r.reading.text and r.reading.layout != LAYOUT_UNKNOWN]
    candidates = known or [r for r in readings if r.reading.text]
    if not candidates:
        return None
    votes: dict[str, float] = {}
    for candidate in candidates:
        text = candidate.reading.text
        votes[text] = votes.get(text, 0.0) + candidate.reading.confidence
    winner = max(sorted(votes), key=lambda text: votes[text])
    total = sum(votes.values())
    share = votes[winner] / total if total > 0 else 0.0
    surest = max(
        (c for c in candidates if c.reading.text == winner),
        key=lambda c: (c.reading.confidence, -c.shot),
    )
    reading = surest.reading
    return ShotReading(
        surest.shot,
        surest.plate,
        PlateReading(reading.text, reading.layout, reading.confidence * share, reading.characters),
    )
