"""Queue: so many vehicles stand in a lane for so long that its traffic has come to rest."""

from dataclasses import dataclass, replace
from typing import Any

from payesh.detect.domain.incidents.incident import (
    CLEARED,
    UNSEEN,
    Incident,
    IncidentChange,
    around,
    moment_of,
)
from payesh.detect.domain.incidents.thresholds import Thresholds
from payesh.detect.domain.lane_view import CountedLane, LaneView
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.scene import Scene

KIND = "queue"
METRES, VEHICLES = "queue_m", "queue_vehicles"
LONGEST_M, LONGEST_SHARE = 50.0, 0.8
"""Over the threshold is a queue of 50 m, or of four fifths of a lane that is known for less."""
LEAST_VEHICLES = 3
MOST_VEHICLES = 5
"""Where the road is not measured."""
LASTS_S = 30.0
AT_A_STOP_LINE_S = 180.0
"""Where the camera sees a stop line: longer than one red light keeps a queue."""
_GRACE_S = 15.0
"""A queue that moves up for a moment is the same one."""
_KEPT_SHARE = 0.5
"""Of the threshold: one that was raised lasts until it is shorter."""


@dataclass(slots=True)
class _Waiting:
    """A lane that is over its threshold: since when, and when last."""

    began: Moment
    last: Moment
    quantity: str
    most: float
    threshold: float
    raised: Incident | None = None

    def ended(self, now: Moment, ended_by: str) -> list[IncidentChange]:
        """That it is over, if it was raised."""
        if self.raised is None:
            return []
        change = IncidentChange(self.raised, now, self.quantity, self.most, self.threshold)
        return [replace(change, ended_at=self.last.at, ended_by=ended_by)]


class Queues:
    """The lanes of one stream."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}

    def see(
        self, lane: CountedLane, view: LaneView, now: Moment, scene: Scene
    ) -> list[IncidentChange]:
        """A frame shows a lane. Its longest queue is taken for one and the same from frame to
        frame."""
        quantity, value, threshold = _measured(lane, view, scene.incidents)
        waiting = self._waiting.get(lane.name)
        kept = waiting is not None and waiting.raised is not None
        is_over = value >= threshold * (_KEPT_SHARE if kept else 1.0)
        if is_over and (kept or len(view.queue.vehicles) >= LEAST_VEHICLES):
            if waiting is None:
                waiting = self._waiting[lane.name] = _Waiting(now, now, quantity, value, threshold)
            waiting.last, waiting.most = now, max(waiting.most, value)
            lasts_s = now.time_s - waiting.began.time_s
            if waiting.raised is None and lasts_s >= _threshold_s(scene):
                box = around(each.box for each in view.queue.vehicles)
                waiting.raised = Incident(KIND, lane.name, waiting.began, box, lane.name)
                return [IncidentChange(waiting.raised, now, quantity, value, threshold)]
        elif waiting is not None and now.time_s - waiting.last.time_s > _GRACE_S:
            del self._waiting[lane.name]
            return waiting.ended(now, CLEARED)
        return []

    def close(self, now: Moment) -> list[IncidentChange]:
        """The lanes are not seen any further."""
        waiting, self._waiting = self._waiting, {}
        return [change for each in waiting.values() for change in each.ended(now, UNSEEN)]

    def to_state(self) -> dict[str, Any]:
        return {
            lane: [
                [[m.time_s, m.at.isoformat()] for m in (each.began, each.last)],
                each.quantity,
                each.most,
                each.threshold,
                each.raised and each.raised.to_state(),
            ]
            for lane, each in self._waiting.items()
        }

    def recall(self, state: dict[str, Any]) -> None:
        self._waiting = {
            lane: _Waiting(
                moment_of(began),
                moment_of(last),
                str(quantity),
                float(most),
                float(threshold),
                None if raised is None else Incident.from_state(raised),
            )
            for lane, ((began, last), quantity, most, threshold, raised) in state.items()
        }


def _measured(lane: CountedLane, view: LaneView, stated: Thresholds) -> tuple[str, float, float]:
    """What is measured of the lane's queue, its value and the threshold."""
    length_m = lane.length_m
    if length_m is None:
        most = MOST_VEHICLES if stated.queue_vehicles is None else stated.queue_vehicles
        return VEHICLES, float(len(view.queue.vehicles)), float(most)
    longest_m = LONGEST_M if stated.queue_m is None else stated.queue_m
    return METRES, view.queue.length_m or 0.0, min(longest_m, LONGEST_SHARE * length_m)


def _threshold_s(scene: Scene) -> float:
    stated_s = scene.incidents.queue_s
    if stated_s is not None:
        return stated_s
    return AT_A_STOP_LINE_S if scene.lines_of("stop") else LASTS_S
