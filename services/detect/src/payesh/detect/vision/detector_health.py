"""The self-checks of one stream's detector, and what they remember."""

from typing import ClassVar

import numpy as np

from payesh.detect.domain.health import chatter, locked_on, no_change, no_vehicles
from payesh.detect.domain.health.condition import ConditionChange
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.trajectory import Trajectory
from payesh.detect.frames import Frame
from payesh.detect.ports import Arrays, Part


class DetectorHealth:
    """Raised conditions last over gaps. A stream's end is its detector's: it clears them."""

    part_name: ClassVar[str] = "health"
    part_version: ClassVar[int] = 1

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._no_vehicles = no_vehicles.NoVehicles()
        self._chatter = chatter.Chatter()
        self._locked_on = locked_on.LockedOn()
        self._no_change = no_change.NoChange()

    def passed(self) -> None:
        """A passage was published."""
        self._no_vehicles.count()
        self._chatter.count()

    def lost(self, trajectory: Trajectory) -> None:
        """A vehicle that led to no passage is followed no longer."""
        self._chatter.lost(trajectory)

    def look(self, frame: Frame, now: Moment, longest_stay_s: float) -> list[ConditionChange]:
        """A frame was looked at, in which a box on the carriageway has stood for so long."""
        return [
            *self._no_vehicles.sample(now),
            *self._chatter.sample(now),
            *self._locked_on.sample(now, longest_stay_s),
            *self._no_change.sample(now, frame.luma),
        ]

    def end(self, now: Moment | None) -> list[ConditionChange]:
        """The stream is over."""
        checks = (
            (no_vehicles.CONDITION, self._no_vehicles.raised, no_vehicles.EXPECTED),
            (chatter.CONDITION, self._chatter.raised, float(chatter.LEAST_TRACKS)),
            (locked_on.CONDITION, self._locked_on.raised, locked_on.LOCKED_S),
            (no_change.CONDITION, self._no_change.raised, no_change.FROZEN_S),
        )
        self._begin()
        if now is None:
            return []
        return [ConditionChange(name, False, now, None, most) for name, was, most in checks if was]

    def memory(self) -> Part:
        state = {
            no_vehicles.CONDITION: self._no_vehicles.to_state(),
            chatter.CONDITION: self._chatter.to_state(),
            locked_on.CONDITION: self._locked_on.raised,
            no_change.CONDITION: self._no_change.to_state(),
        }
        seen = self._no_change.seen
        arrays: Arrays = {} if seen is None else {"seen": seen}
        return Part(self.part_name, self.part_version, state, arrays)

    def recall(self, part: Part) -> None:
        state, seen = part.state, part.arrays.get("seen")
        picture = None if seen is None else np.asarray(seen, dtype=np.uint8)
        found = (
            no_vehicles.NoVehicles.from_state(state[no_vehicles.CONDITION]),
            chatter.Chatter.from_state(state[chatter.CONDITION]),
            locked_on.LockedOn(raised=bool(state[locked_on.CONDITION])),
            no_change.NoChange.from_state(state[no_change.CONDITION], picture),
        )
        self._no_vehicles, self._chatter, self._locked_on, self._no_change = found
