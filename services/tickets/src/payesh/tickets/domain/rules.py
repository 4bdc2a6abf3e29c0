"""How a violation of each rule is assessed, and which facts of it are shown: one table.

A violation of a rule without an entry is rejected as `no_law`, even if the law table has a row.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured quantity that broke a limit; both bounds in the unit that its name ends in."""

    name: str
    lower_bound: float
    limit: float


@dataclass(frozen=True, slots=True)
class Happening:
    """What was found to have happened. `margin_lower_bound` is how far beyond the rule it was at
    the least, in the driver's favour."""

    margin_lower_bound: float


Measured = Quantity | Happening


class Assessor(Protocol):
    """Assesses the measurement of one rule's violations."""

    @property
    def shows(self) -> tuple[str, ...]:
        """Names of the facts that are shown of a violation, in order."""

    def excess_kmh(self, measured: Measured) -> float | None:
        """What chooses the offence in the law table, 0 for a rule that limits no speed; None for a
        measurement that this rule cannot rest on."""

    def is_tolerated(self, measured: Measured, tolerance_kmh: float) -> bool:
        """Whether the measurement is within what the law or doubt lets pass."""


@dataclass(frozen=True, slots=True)
class OverSpeedLimit:
    """A speed: its lower bound must exceed the limit by more than the published tolerance."""

    quantity: str = "speed_kmh"
    shows: tuple[str, ...] = ("speed_kmh",)

    def excess_kmh(self, measured: Measured) -> float | None:
        if not isinstance(measured, Quantity) or measured.name != self.quantity:
            return None
        return measured.lower_bound - measured.limit

    def is_tolerated(self, measured: Measured, tolerance_kmh: float) -> bool:
        excess = self.excess_kmh(measured)
        return excess is None or excess <= tolerance_kmh


@dataclass(frozen=True, slots=True)
class AsFound:
    """A finding: its margin must be above zero at the lower bound."""

    shows: tuple[str, ...]

    def excess_kmh(self, measured: Measured) -> float | None:
        return 0.0 if isinstance(measured, Happening) else None

    def is_tolerated(self, measured: Measured, tolerance_kmh: float) -> bool:
        return not isinstance(measured, Happening) or measured.margin_lower_bound <= 0


ASSESSORS: dict[str, Assessor] = {
    "speeding": OverSpeedLimit(),
    "average_speed": OverSpeedLimit("average_speed_kmh"),
    "red_light": AsFound(("signal", "crossings")),
    "stop_line": AsFound(("signal", "crossings")),
    "wrong_way": AsFound(("direction", "crossings")),
    "no_entry": AsFound(("crossings", "stay", "direction")),
    "special_lane": AsFound(("stay", "crossings")),
    "forbidden_stopping": AsFound(("stay",)),
    "forbidden_turn": AsFound(("crossings", "direction")),
    "left_of_centre": AsFound(("crossings", "stay")),
    "weaving": AsFound(("crossings",)),
}
"""Rule to how its violations are assessed."""
