"""What a rule of the road is to the observer: one small protocol, and what registers it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules.finding import Finding
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import Trajectory

State = dict[str, Any]
"""JSON-ready."""


class Rule(Protocol):
    """One rule's judgement of one vehicle: an instance is made for each vehicle that appears.

    Equal calls must give equal findings: no clock, no chance. What an instance remembers goes into
    the checkpoint, so that another process continues in the middle of a trajectory.
    """

    def observe(self, trajectory: Trajectory, scene: Scene, time: Moment) -> Finding | None:
        """Called with each sighting of the vehicle, and once more when `trajectory.is_over`.

        Its first finding ends the rule for this vehicle: a vehicle breaks a rule once.
        """

    def to_state(self) -> State:
        """What the next `observe` depends on, apart from its arguments."""

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The inverse of `to_state`. Raises LookupError, TypeError or ValueError for a state that
        it does not know."""


@dataclass(frozen=True, slots=True)
class RuleKind:
    """A rule as the registry knows it.

    `name` is the violation's rule on the bus; `version` that of the state, raised when its shape
    changes; `factory` makes an instance; `is_armed_by` is whether a scene has what it needs.
    """

    name: str
    version: int
    factory: type[Rule]
    is_armed_by: Callable[[Scene], bool]
