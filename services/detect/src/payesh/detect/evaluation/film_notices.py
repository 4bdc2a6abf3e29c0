"""Incidents and self-checks as lines that are shown over a film while they last."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from payesh.contracts import DetectorHealthChanged, Event, IncidentObserved
from payesh.contracts.values import Box

ENDED_FOR_S = 3.0
"""For so long it is shown that something has ended."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A line from one moment of the film to another, in seconds; `box` is where it was, in pixels
    of the film's picture, or None for what is nowhere in it."""

    from_s: float
    to_s: float
    text: str
    lasts: bool
    box: Box | None = None

    def shows_at(self, time_s: float) -> bool:
        return self.from_s <= time_s < self.to_s


def notices_of(events: Iterable[Event], first_frame_at: datetime) -> list[Notice]:
    """In the order in which they were raised; each has a line while it lasts, and one that it has
    ended. What never ended lasts to the end of the film."""
    raised: dict[object, tuple[float, str, Box | None]] = {}
    notices: list[Notice] = []
    for each in events:
        if isinstance(each, IncidentObserved):
            at_s = (each.captured_at - first_frame_at).total_seconds()
            place = f" lane {each.lane}" if each.lane is not None else ""
            since_s = (each.began_at - first_frame_at).total_seconds()
            subject, box = f"{each.incident}{place} since {since_s:.1f} s", each.box
            key: object = each.incident_id
            begins, how = each.ended_at is None, str(each.ended_by)
            measured = f" ({each.quantity} {each.value:g}, from {each.threshold:g})"
        elif isinstance(each, DetectorHealthChanged):
            at_s = (each.changed_at - first_frame_at).total_seconds()
            subject, box = f"detector: {each.condition}", None
            key, begins, how, measured = each.condition, each.raised, "cleared", ""
        else:
            continue
        if begins:
            raised[key] = at_s, f"{subject}{measured}", box
        else:
            # A beginning that another stream's holder published is not in these events.
            from_s, text, _ = raised.pop(key, (at_s, subject, box))
            notices.append(Notice(from_s, at_s, text, lasts=True, box=box))
            notices.append(
                Notice(at_s, at_s + ENDED_FOR_S, f"{subject} ended: {how}", lasts=False, box=box)
            )
    notices += [Notice(at, float("inf"), text, True, box) for at, text, box in raised.values()]
    return sorted(notices, key=lambda each: each.from_s)
