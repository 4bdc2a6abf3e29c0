"""Locked on: a box stands on the carriageway far longer than a vehicle would be left there."""

from payesh.detect.domain.health.condition import ConditionChange, changed
from payesh.detect.domain.moment import Moment

CONDITION = "locked_on"
LOCKED_S = 1800.0
"""A broken-down vehicle is fetched by then; the incident `stopped_vehicle` has told of it."""


class LockedOn:
    """The longest stay of a box in a lane or on a marked carriageway. Where nothing is marked, a
    box that stays may be a parked car, and nothing is judged."""

    def __init__(self, *, raised: bool = False) -> None:
        self.raised = raised

    def sample(self, now: Moment, longest_s: float) -> list[ConditionChange]:
        """A frame came, in which a box has stood for at most so long."""
        bad = longest_s >= LOCKED_S
        found = changed(
            CONDITION, was=self.raised, bad=bad, at=now, value=longest_s, threshold=LOCKED_S
        )
        self.raised = bad
        return found
