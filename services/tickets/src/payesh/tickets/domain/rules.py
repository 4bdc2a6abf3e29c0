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
    the least, in the driver's favour; `facts` names the facts that the finding has, and `lamp` is
    what the signal head showed, None without one."""

    margin_lower_bound: float
    facts: frozenset[str] = frozenset()
    lamp: str | None = None


Measured = Quantity | Happening


class Assessor(Protocol):
    """Assesses the measurement of one rule's violations."""

    @property
    def shows(self) -> tuple[str, ...]:
        """Names of the facts that are shown of a violation, in order."""

    @property
    def has_entry(self) -> bool:
        """Whether it rests on a second camera too, where its stretch begins."""

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
    has_entry: bool = False

    def excess_kmh(self, measured: Measured) -> float | None:
        if not isinstance(measured, Quantity) or measured.name != self.quantity:
            return None
        return measured.lower_bound - measured.limit

    def is_tolerated(self, measured: Measured, tolerance_kmh: float) -> bool:
        excess = self.excess_kmh(measured)
        return excess is None or excess <= tolerance_kmh


@dataclass(frozen=True, slots=True)
class AsFound:
    """A finding: it has a fact of each group in `needs`, the lamp was `lamp` where the rule rests
    on one, and its margin is above zero at the lower bound."""

    shows: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    lamp: str | None = None
    has_entry: bool = False

    def excess_kmh(self, measured: Measured) -> float | None:
        if not isinstance(measured, Happening):
            return None
        lacks = any(measured.facts.isdisjoint(group) for group in self.needs)
        another_lamp = self.lamp is not None and measured.lamp != self.lamp
        return None if lacks or another_lamp else 0.0

    def is_tolerated(self, measured: Measured, tolerance_kmh: float) -> bool:
        return not isinstance(measured, Happening) or measured.margin_lower_bound <= 0


ASSESSORS: dict[str, Assessor] = {
    "speeding": OverSpeedLimit(),
    "average_speed": OverSpeedLimit("average_speed_kmh", has_entry=True),
    "red_light": AsFound(("signal", "crossings"), (("signal",), ("crossings",)), lamp="red"),
    "stop_line": AsFound(("signal", "crossings"), (("signal",), ("crossings", "stay")), lamp="red"),
    "wrong_way": AsFound(("direction", "crossings"), (("direction",),)),
    "no_entry": AsFound(("crossings", "stay", "direction"), (("crossings", "stay"),)),
    "special_lane": AsFound(("stay", "crossings"), (("stay", "crossings"),)),
    "forbidden_stopping": AsFound(("stay",), (("stay",),)),
    "forbidden_turn": AsFound(("crossings", "direction"), (("crossings",),)),
    "left_of_centre": AsFound(("crossings", "stay"), (("crossings", "stay"),)),
    "weaving": AsFound(("crossings",), (("crossings",),)),
}
"""Rule to how its violations are assessed."""
