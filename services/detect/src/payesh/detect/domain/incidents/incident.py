"""What an incident is: where, since when, and how far beyond its threshold."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from payesh.detect.domain.moment import Moment
from payesh.detect.domain.trajectory import Box

CLEARED, UNSEEN = "cleared", "unseen"
"""The camera saw it end; or sees it no longer, and it may go on."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One that was raised. `subject` makes it unique in its stream together with its kind and its
    beginning: a vehicle's passage, or the name of a lane or region."""

    kind: str
    subject: str
    began: Moment
    box: Box
    lane: str | None = None
    vehicle_class: str | None = None

    def to_state(self) -> list[Any]:
        began = [self.began.time_s, self.began.at.isoformat()]
        return [self.kind, self.subject, began, list(self.box), self.lane, self.vehicle_class]

    @classmethod
    def from_state(cls, state: list[Any]) -> "Incident":
        kind, subject, began, (left, top, right, bottom), lane, vehicle_class = state
        box = float(left), float(top), float(right), float(bottom)
        return cls(str(kind), str(subject), moment_of(began), box, lane, vehicle_class)


@dataclass(frozen=True, slots=True)
class IncidentChange:
    """An incident was raised at a moment, or ended at `ended_at` and was known to have by then.
    `quantity` has a value against a threshold; its unit is in its name."""

    incident: Incident
    at: Moment
    quantity: str
    value: float
    threshold: float
    ended_at: datetime | None = None
    ended_by: str | None = None


def moment_of(state: list[Any]) -> Moment:
    """From `[time_s, at]` of a checkpoint."""
    time_s, at = state
    return Moment(float(time_s), datetime.fromisoformat(at))


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds them all.

    >>> around([(0.0, 0.0, 2.0, 2.0), (1.0, 1.0, 5.0, 3.0)])
    (0.0, 0.0, 5.0, 3.0)
    """
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
