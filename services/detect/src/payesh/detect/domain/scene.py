"""The scene that a camera sees, as one revision of its configuration describes it."""

from dataclasses import dataclass, field
from datetime import datetime

from payesh.detect.domain.geometry import GroundPlane
from payesh.detect.domain.incidents.thresholds import Thresholds
from payesh.detect.domain.marks import Line, MarkedLane, Movement, Region, SignalHead
from payesh.detect.domain.schedule import ALWAYS, Scope
from payesh.detect.domain.signals import Showing
from payesh.detect.domain.speed import SpeedUncertaintyBudget
from payesh.detect.domain.speed_zone import SpeedZone


@dataclass(frozen=True, slots=True)
class PostedLimit:
    """A speed limit for some vehicles, lanes or times; `lanes` is None where it holds in all."""

    speed_kmh: float
    lanes: frozenset[str] | None = None
    scope: Scope = ALWAYS


@dataclass(frozen=True, slots=True)
class Scene:
    """What measurements and rules rest on. Fields are None or empty for what the revision lacks;
    a rule that needs them is then not armed."""

    plane: GroundPlane | None = None
    speed_zone: SpeedZone | None = None
    speed_budget: SpeedUncertaintyBudget | None = None
    row_px: float = 1.0
    """Rows of the picture that stand for one row of the picture that was calibrated, at least 1: a
    picture that was scaled up shows no more."""
    limits: tuple[PostedLimit, ...] = ()
    lines: dict[str, Line] = field(default_factory=dict)
    regions: dict[str, Region] = field(default_factory=dict)
    lanes: dict[str, MarkedLane] = field(default_factory=dict)
    movements: tuple[Movement, ...] = ()
    signal_heads: dict[str, SignalHead] = field(default_factory=dict)
    incidents: Thresholds = field(default_factory=Thresholds)
    showing: dict[str, Showing] = field(default_factory=dict)
    """What the signal heads show in the frame that is judged, by name."""

    def speed_limit_kmh(self, vehicle_class: str, lane: str | None, at: datetime) -> float | None:
        """The lowest limit that applies; None where none is posted."""
        return min(
            (
                limit.speed_kmh
                for limit in self.limits
                if (limit.lanes is None or lane in limit.lanes)
                and limit.scope.applies_to(vehicle_class, at)
            ),
            default=None,
        )

    def lines_of(self, kind: str) -> tuple[Line, ...]:
        """Lines of one kind, in the revision's order. Gates are lines of the kind `gate`."""
        return tuple(line for line in self.lines.values() if line.kind == kind)

    def regions_of(self, kind: str) -> tuple[Region, ...]:
        """Regions of one kind, in the revision's order."""
        return tuple(region for region in self.regions.values() if region.kind == kind)
