"""Pedestrian: a person is on what is marked as carriageway, and on no crossing.

Nobody is followed or told apart: in each frame it is only asked whether a person is there.
"""

from collections.abc import Sequence
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
from payesh.detect.domain.incidents.places import CARRIAGEWAY
from payesh.detect.domain.incidents.thresholds import Thresholds
from payesh.detect.domain.marks import Region
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules.certainty import is_inside
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.schedule import Scope
from payesh.detect.domain.trajectory import Box, PicturePoint

KIND, QUANTITY = "pedestrian", "on_carriageway_s"
CROSSING = "crossing"
LASTS_S = 3.0
_MISSED_S = 0.7
"""A person that a detector misses for less is still there."""
_GONE_S = 10.0
"""After which the carriageway is clear again: who steps off and on is one incident."""
_RIDES = frozenset({"motorcycle", "bicycle"})
_RIDES_OVERLAP = 0.3
"""Of the person's box: so much lies in the box of what it rides, or pushes."""


@dataclass(slots=True)
class _Presence:
    """Persons on one carriageway."""

    began: Moment
    last: Moment
    threshold_s: float
    raised: Incident | None = None

    def ended(self, now: Moment, ended_by: str) -> list[IncidentChange]:
        """That it is over, if it was raised."""
        if self.raised is None:
            return []
        lasted_s = self.last.time_s - self.began.time_s
        change = IncidentChange(self.raised, now, QUANTITY, lasted_s, self.threshold_s)
        return [replace(change, ended_at=self.last.at, ended_by=ended_by)]


class Pedestrians:
    """The marked carriageways of one stream."""

    def __init__(self) -> None:
        self._present: dict[str, _Presence] = {}

    def see(
        self, walking: Sequence[PicturePoint], scene: Scene, now: Moment
    ) -> list[IncidentChange]:
        """A frame shows these persons, who walk."""
        changes: list[IncidentChange] = []
        for region in scene.regions_of(CARRIAGEWAY):
            here = [each.box for each in walking if _is_on(region, each, scene, now)]
            changes += self._watch(region.name, here, now, scene.incidents)
        return changes

    def _watch(
        self, region: str, boxes: Sequence[Box], now: Moment, stated: Thresholds
    ) -> list[IncidentChange]:
        present = self._present.get(region)
        if not boxes:
            longest_s = _MISSED_S if present is None or present.raised is None else _GONE_S
            if present is None or now.time_s - present.last.time_s <= longest_s:
                return []
            del self._present[region]
            return present.ended(now, CLEARED)
        if present is None:
            threshold_s = LASTS_S if stated.pedestrian_s is None else stated.pedestrian_s
            present = self._present[region] = _Presence(now, now, threshold_s)
        present.last = now
        lasts_s = now.time_s - present.began.time_s
        if present.raised is not None or lasts_s < present.threshold_s:
            return []
        present.raised = Incident(KIND, region, present.began, around(boxes))
        return [IncidentChange(present.raised, now, QUANTITY, lasts_s, present.threshold_s)]

    def close(self, now: Moment) -> list[IncidentChange]:
        """The carriageways are not seen any further."""
        present, self._present = self._present, {}
        return [change for each in present.values() for change in each.ended(now, UNSEEN)]

    def to_state(self) -> dict[str, Any]:
        return {
            region: [
                [[m.time_s, m.at.isoformat()] for m in (each.began, each.last)],
                each.raised and each.raised.to_state(),
                each.threshold_s,
            ]
            for region, each in self._present.items()
        }

    def recall(self, state: dict[str, Any]) -> None:
        self._present = {
            region: _Presence(
                moment_of(began),
                moment_of(last),
                # A checkpoint that was written before revisions stated it has none.
                float(threshold_s[0]) if threshold_s else LASTS_S,
                None if raised is None else Incident.from_state(raised),
            )
            for region, ((began, last), raised, *threshold_s) in state.items()
        }


def walks(person: Box, vehicles: Sequence[tuple[Box, str]]) -> bool:
    """Whether a person is on foot: not in a vehicle, behind whose box it may be too, and not on a
    two-wheeler."""
    left, top, right, bottom = person
    area = max((right - left) * (bottom - top), 1.0)
    for (v_left, v_top, v_right, v_bottom), vehicle_class in vehicles:
        if v_left <= (left + right) / 2 <= v_right and v_top <= bottom <= v_bottom:
            return False
        wide = max(min(right, v_right) - max(left, v_left), 0.0)
        high = max(min(bottom, v_bottom) - max(top, v_top), 0.0)
        if vehicle_class in _RIDES and wide * high > _RIDES_OVERLAP * area:
            return False
    return True


def _is_on(region: Region, person: PicturePoint, scene: Scene, now: Moment) -> bool:
    """Whether a person surely stands on a carriageway in its hours, and on or at no crossing."""
    if not Scope(schedule=region.scope.schedule).applies_to("unknown", now.at):
        return False
    if any(
        is_inside(each.polygon, person, scene.row_px) is not False
        for each in scene.regions_of(CROSSING)
    ):
        return False
    return bool(is_inside(region.polygon, person, scene.row_px))
