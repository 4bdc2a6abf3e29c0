"""Stopped vehicle: one that came, and stands on the carriageway beside no queue."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from payesh.detect.domain.incidents.incident import (
    CLEARED,
    UNSEEN,
    Incident,
    IncidentChange,
    moment_of,
)
from payesh.detect.domain.incidents.places import Place, place_of
from payesh.detect.domain.lane_view import STANDS_FOR_S, VehicleView
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import SAME_PLACE_IOU, Box, Trajectory, overlap

KIND, QUANTITY = "stopped_vehicle", "standing_s"
STOPPED_S = 60.0
AT_A_STOP_LINE_S = 300.0
"""Where the camera sees a stop line: longer than a signal stays red."""
QUEUE_VEHICLES = 3
"""So many that stand in one place, itself among them, are a queue. Two may have collided."""
_UNSEEN_S = 25.0
"""Longer than a parked vehicle may be missed and is still the same one."""
_STRAYS = 3
"""Sightings in a row at another place, from which it has left this one."""


@dataclass(slots=True)
class _Stay:
    """A vehicle at its place. It counts from `since`: not while it stands in a queue."""

    anchor: Box
    began: Moment
    since: Moment
    last: Moment
    came: bool
    strays: int = 0
    raised: Incident | None = None
    threshold_s: float = STOPPED_S
    on_road: bool = False

    def to_state(self) -> list[Any]:
        moments = [[m.time_s, m.at.isoformat()] for m in (self.began, self.since, self.last)]
        raised = self.raised and self.raised.to_state()
        counts = [self.strays, self.threshold_s, self.on_road]
        return [list(self.anchor), moments, self.came, raised, *counts]

    @classmethod
    def from_state(cls, state: list[Any]) -> "_Stay":
        (left, top, right, bottom), moments, came, raised, *counts = state
        strays, threshold_s, on_road = counts
        began, since, last = (moment_of(each) for each in moments)
        return cls(
            (float(left), float(top), float(right), float(bottom)),
            began,
            since,
            last,
            bool(came),
            int(strays),
            None if raised is None else Incident.from_state(raised),
            float(threshold_s),
            bool(on_road),
        )


class StoppedVehicles:
    """The vehicles of one stream by their passages, each with the place where it stands."""

    def __init__(self) -> None:
        self._stays: dict[str, _Stay] = {}

    def see(
        self,
        passage: str,
        trajectory: Trajectory,
        others: Sequence[VehicleView],
        places: Sequence[Place],
        scene: Scene,
    ) -> list[IncidentChange]:
        """The latest sighting of a vehicle, in a frame with `others`, itself among them."""
        point, now = trajectory.picture[-1], trajectory.last
        if not (point.whole and point.alone):
            return []  # its box may be another vehicle's
        stay = self._stays.get(passage)
        if stay is None:
            self._stays[passage] = _Stay(point.box, now, now, now, trajectory.has_moved)
            return []
        stay.came = stay.came or trajectory.has_moved
        if overlap(stay.anchor, point.box) < SAME_PLACE_IOU:
            stay.strays += 1
            if stay.strays < _STRAYS:
                return []
            self._stays[passage] = _Stay(point.box, now, now, now, came=True)
            return self._ended(stay, now, CLEARED)
        stay.strays, stay.last = 0, now
        if now.time_s - stay.began.time_s < STANDS_FOR_S:
            return []
        place = place_of(places, point, scene)
        stay.on_road = place is not None
        if stay.raised is not None or not stay.came:
            return []
        if place is None or _stand_in(place, others) >= QUEUE_VEHICLES:
            stay.since = now
            return []
        stay.threshold_s = _threshold_s(scene)
        stood_s = now.time_s - stay.since.time_s
        if stood_s < stay.threshold_s:
            return []
        stay.raised = Incident(
            KIND, passage, stay.began, point.box, place.lane, trajectory.vehicle_class
        )
        return [IncidentChange(stay.raised, now, QUANTITY, stood_s, stay.threshold_s)]

    def longest_s(self) -> float:
        """For how long one has stood on the carriageway at most, whether it came there or not."""
        stays = (stay for stay in self._stays.values() if stay.on_road)
        return max((stay.last.time_s - stay.began.time_s for stay in stays), default=0.0)

    def tidy(self, now: Moment) -> list[IncidentChange]:
        """Vehicles that were not seen for long are gone."""
        gone = {
            passage: stay
            for passage, stay in self._stays.items()
            if now.time_s - stay.last.time_s > _UNSEEN_S
        }
        self._stays = {p: stay for p, stay in self._stays.items() if p not in gone}
        return [change for stay in gone.values() for change in self._ended(stay, now, UNSEEN)]

    def close(self, now: Moment) -> list[IncidentChange]:
        """No vehicle is followed any further."""
        stays, self._stays = self._stays, {}
        return [change for stay in stays.values() for change in self._ended(stay, now, UNSEEN)]

    def _ended(self, stay: _Stay, now: Moment, ended_by: str) -> list[IncidentChange]:
        if stay.raised is None:
            return []
        stood_s = stay.last.time_s - stay.began.time_s
        change = IncidentChange(stay.raised, now, QUANTITY, stood_s, stay.threshold_s)
        return [replace(change, ended_at=stay.last.at, ended_by=ended_by)]

    def to_state(self) -> dict[str, Any]:
        return {passage: stay.to_state() for passage, stay in self._stays.items()}

    def recall(self, state: dict[str, Any]) -> None:
        self._stays = {passage: _Stay.from_state(stay) for passage, stay in state.items()}


def _threshold_s(scene: Scene) -> float:
    stated_s = scene.incidents.stopped_vehicle_s
    if stated_s is not None:
        return stated_s
    return AT_A_STOP_LINE_S if scene.lines_of("stop") else STOPPED_S


def _stand_in(place: Place, vehicles: Sequence[VehicleView]) -> int:
    return sum(each.stands and place.polygon.holds(each.foot_px) for each in vehicles)
