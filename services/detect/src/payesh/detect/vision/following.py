"""Following: which detections are one vehicle, from its first frame until it is gone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import numpy as np

from payesh.detect.domain.detections import Detections, pairwise_iou
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.trajectory import Box, Trajectory
from payesh.detect.ports import Arrays, Part, Tracker
from payesh.detect.vision.followed_vehicle import FollowedVehicle, Identity
from payesh.detect.vision.judging import Judging

UNSURE_S = 2.0
"""For so long after following begins, a vehicle first seen inside the zone may have been published
before, in this stream or in one that ended there. It takes a detector most of a second to learn
the road, and a tracker two frames."""
FOUND_AGAIN_WITHIN_S = 20.0
"""A parked vehicle that a detector misses for less than this is still the same one."""
_STOOD_S = 15.0
"""A vehicle that stood for so long when it was lost is taken for parked, wherever it came from."""
_SAME_PLACE_IOU = 0.6
_MOST_PLACES = 64


@dataclass(frozen=True, slots=True)
class _Missing:
    """A parked vehicle that is not seen at the moment."""

    vehicle: FollowedVehicle
    since_s: float


class Following:
    """The vehicles of one stream that are in sight, and a tracker that finds them again."""

    part_name: ClassVar[str] = "vehicles"
    part_version: ClassVar[int] = 3

    def __init__(self, judging: Judging) -> None:
        self.judging = judging
        self.tracker: Tracker | None = None
        """None before the first segment."""
        self._in_sight: dict[int, FollowedVehicle] = {}
        self._missing: list[_Missing] = []
        self._broken_off: dict[int, Identity | None] = {}
        """Tracks that go on although their trajectories were ended, with the identities of their
        vehicles; None for one that was dismissed."""
        self._parked_at: list[Box] = []
        self._unsure_until_s: float | None = None
        """None until the first frame after following began, or was broken off."""

    @property
    def vehicles(self) -> list[FollowedVehicle]:
        """Those that are followed, in order of their tracks; missing ones last."""
        in_sight = [self._in_sight[track] for track in sorted(self._in_sight)]
        return [*in_sight, *(missing.vehicle for missing in self._missing)]

    @property
    def passage_ids(self) -> frozenset[UUID]:
        """Of all vehicles that are followed on, those whose trajectory was ended included."""
        going_on = {each.passage_id for each in self._broken_off.values() if each is not None}
        return frozenset(going_on | {vehicle.passage_id for vehicle in self.vehicles})

    def update(
        self, detections: Detections, moment: Moment, new_id: Callable[[int], UUID]
    ) -> list[tuple[FollowedVehicle, int]]:
        """The vehicles that a frame shows, each with the row of its detection. `new_id` gives an
        id to a vehicle that appears, by its ordinal in the frame."""
        assert self.tracker is not None  # noqa: S101 - made with the first segment
        if self._unsure_until_s is None:
            self._unsure_until_s = moment.time_s + UNSURE_S
        seen = []
        for ordinal, tracked in enumerate(self.tracker.update(detections, moment.time_s)):
            vehicle = self._in_sight.get(tracked.track)
            if vehicle is None:
                box = detections.box(tracked.row)
                vehicle = self._found_again(tracked.track, box)
                if vehicle is None:
                    vehicle = self._appear(tracked.track, box, moment, new_id(ordinal))
                self._in_sight[tracked.track] = vehicle
            seen.append((vehicle, tracked.row))
        return seen

    def take_gone(self, time_s: float) -> list[FollowedVehicle]:
        """Vehicles that are followed no longer, in order of their tracks."""
        assert self.tracker is not None  # noqa: S101 - made with the first segment
        alive = self.tracker.alive()
        gone: list[FollowedVehicle] = []
        for track in sorted(self._in_sight.keys() - alive):
            vehicle = self._in_sight.pop(track)
            stood = vehicle.trajectory.has_stood(_STOOD_S)
            never_moved = vehicle.parked and not vehicle.trajectory.has_moved
            if never_moved or (stood and not vehicle.dismissed):
                self._missing.append(_Missing(vehicle, time_s))
            else:
                gone.append(vehicle)
        self._broken_off = {t: i for t, i in self._broken_off.items() if t in alive}
        late = [m for m in self._missing if time_s - m.since_s > FOUND_AGAIN_WITHIN_S]
        self._missing = [m for m in self._missing if m not in late]
        return [*gone, *(m.vehicle for m in late)]

    def break_off(self, *, going_on: bool) -> None:
        """End every trajectory here; call it when the vehicles have been concluded.

        With `going_on` no frame is missing in between: the tracks go on, and a vehicle that was
        published keeps its id. Otherwise all tracks are forgotten.
        """
        if going_on:
            self._broken_off |= {
                track: None if vehicle.dismissed else vehicle.identity
                for track, vehicle in self._in_sight.items()
                if vehicle.published or vehicle.dismissed
            }
        else:
            self._broken_off = {}
            if self.tracker is not None:
                self.tracker.forget()
        self._in_sight = {}
        self._missing = []
        self._unsure_until_s = None

    def park(self, vehicle: FollowedVehicle) -> bool:
        """Note where a vehicle stands that never moved. False, and it is dismissed, when one stood
        there before: a detector that blinks would publish it again every half minute."""
        box = vehicle.trajectory.last_box
        if _best_overlap(self._parked_at, box)[1] > _SAME_PLACE_IOU:
            vehicle.dismissed = True
            return False
        self._parked_at = [*self._parked_at[1 - _MOST_PLACES :], box]
        vehicle.parked = True
        return True

    def _appear(self, track: int, box: Box, moment: Moment, passage_id: UUID) -> FollowedVehicle:
        unsure = self._unsure_until_s is None or moment.time_s < self._unsure_until_s
        vehicle = FollowedVehicle(
            track=track,
            passage_id=passage_id,
            trajectory=Trajectory.begin(moment, box, unsure=unsure),
            rules=self.judging.begin(),
        )
        if track in self._broken_off:
            identity = self._broken_off.pop(track)
            if identity is None:
                vehicle.dismissed = True
            else:
                vehicle.adopt(identity)
        return vehicle

    def _found_again(self, track: int, box: Box) -> FollowedVehicle | None:
        """The missing vehicle that stands where a new track begins."""
        boxes = [missing.vehicle.trajectory.last_box for missing in self._missing]
        index, overlap = _best_overlap(boxes, box)
        if overlap <= _SAME_PLACE_IOU:
            return None
        vehicle = self._missing.pop(index).vehicle
        vehicle.track = track
        return vehicle

    def memory(self) -> Part:
        arrays: Arrays = {}
        in_sight = [self._in_sight[track] for track in sorted(self._in_sight)]
        state = {
            "in_sight": [v.to_state(arrays, f"in_sight{n}") for n, v in enumerate(in_sight)],
            "missing": [
                [m.since_s, m.vehicle.to_state(arrays, f"missing{n}")]
                for n, m in enumerate(self._missing)
            ],
            "broken_off": [
                [track, identity and identity.to_state()]
                for track, identity in self._broken_off.items()
            ],
            "parked_at": self._parked_at,
            "unsure_until_s": self._unsure_until_s,
        }
        return Part(self.part_name, self.part_version, state, arrays)

    def recall(self, part: Part) -> None:
        """Continue without the rules' memories: `Judging.recall` gives them back."""
        state, arrays = part.state, part.arrays
        in_sight = [
            FollowedVehicle.from_state(vehicle, arrays, f"in_sight{n}")
            for n, vehicle in enumerate(state["in_sight"])
        ]
        missing = [
            _Missing(FollowedVehicle.from_state(vehicle, arrays, f"missing{n}"), float(since_s))
            for n, (since_s, vehicle) in enumerate(state["missing"])
        ]
        broken_off = {
            int(track): None if identity is None else Identity.from_state(identity)
            for track, identity in state["broken_off"]
        }
        parked_at = [_corners(box) for box in state["parked_at"]]
        unsure_until_s = state["unsure_until_s"]
        self._unsure_until_s = None if unsure_until_s is None else float(unsure_until_s)
        self._in_sight = {vehicle.track: vehicle for vehicle in in_sight}
        self._missing, self._broken_off, self._parked_at = missing, broken_off, parked_at


def _corners(values: Any) -> Box:
    left, top, right, bottom = (float(value) for value in values)
    return left, top, right, bottom


def _best_overlap(boxes: list[Box], box: Box) -> tuple[int, float]:
    """Which of the boxes overlaps most, and by how much (intersection over union)."""
    if not boxes:
        return -1, 0.0
    overlaps = pairwise_iou(np.array(boxes), np.array([box]))[:, 0]
    index = int(overlaps.argmax())
    return index, float(overlaps[index])
