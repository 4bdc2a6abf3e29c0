"""Violations beside the truth: which vehicle each accuses, what is false, and what is missed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from payesh.detect.domain.detections import Floats, pairwise_iou
from payesh.detect.evaluation.rule_films import FilmedVehicle, Offence, RuleFilm

FALSE, TWICE, MISSED = "false", "twice", "missed"
_LEAST_IOU = 0.3
"""Of a violation's boxes and a vehicle's, on average over the violation's window."""
_NEAREST_S = 0.25
_BEFORE_S, _AFTER_S = 2.0, 3.0
"""Around an offence, where a violation's moment may lie."""


@dataclass(frozen=True, slots=True)
class FoundViolation:
    """A violation of a film: its moment in seconds since the first frame, and the vehicle's boxes
    (n, 4) at `times_s` (n,) over the evidence window."""

    rule: str
    at_s: float
    vehicle_class: str
    lower_bound: float
    times_s: Floats
    boxes: Floats


@dataclass(frozen=True, slots=True)
class Fault:
    """A violation without an offence (false), a second one for the same offence (twice), or an
    offence without a violation (missed). `vehicle` is None where no vehicle is at its boxes."""

    kind: str
    rule: str
    at_s: float
    vehicle: FilmedVehicle | None
    box: tuple[float, float, float, float] | None

    def described(self) -> dict[str, Any]:
        vehicle = self.vehicle
        return {
            "kind": self.kind,
            "rule": self.rule,
            "at_s": round(self.at_s, 2),
            "vehicle_id": vehicle and vehicle.vehicle_id,
            "vehicle_class": vehicle and vehicle.vehicle_class,
            "role": vehicle and vehicle.role,
        }


@dataclass(slots=True)
class RuleFigures:
    """What became of one rule's offences."""

    offences: int = 0
    found: int = 0
    violations: int = 0
    false: int = 0
    twice: int = 0
    marginal_found: int = 0

    def add(self, other: "RuleFigures") -> None:
        for name in ("offences", "found", "violations", "false", "twice", "marginal_found"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def summary(self) -> dict[str, Any]:
        """Precision and recall are None where nothing was found, or nothing broken."""
        right = self.violations - self.false - self.twice
        return {
            "offences": self.offences,
            "found": self.found,
            "recall": round(self.found / self.offences, 4) if self.offences else None,
            "violations": self.violations,
            "false": self.false,
            "twice": self.twice,
            "marginal_found": self.marginal_found,
            "precision": round(right / self.violations, 4) if self.violations else None,
        }


@dataclass(slots=True)
class FilmFigures:
    """A film's figures by rule, and its faults in order of time."""

    by_rule: dict[str, RuleFigures] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def compared(film: RuleFilm, violations: Iterable[FoundViolation]) -> FilmFigures:
    """A film's violations beside its truth."""
    figures = FilmFigures({rule: RuleFigures() for rule in film.rules})
    accused: set[tuple[str, str]] = set()
    for each in sorted(violations, key=lambda violation: violation.at_s):
        row = figures.by_rule.setdefault(each.rule, RuleFigures())
        row.violations += 1
        vehicle = vehicle_of(each, film.vehicles)
        offence = _offence_of(each, vehicle) if vehicle is not None else None
        if vehicle is None or offence is None:
            row.false += 1
            figures.faults.append(_fault(FALSE, each, vehicle))
        elif (each.rule, vehicle.vehicle_id) in accused:
            row.twice += 1
            figures.faults.append(_fault(TWICE, each, vehicle))
        elif offence.marginal:
            row.marginal_found += 1
        else:
            row.found += 1
        if vehicle is not None and offence is not None:
            accused.add((each.rule, vehicle.vehicle_id))
    for vehicle in film.vehicles:
        for broken in vehicle.offences:
            if broken.marginal:
                continue
            row = figures.by_rule.setdefault(broken.rule, RuleFigures())
            row.offences += 1
            if (broken.rule, vehicle.vehicle_id) not in accused:
                box = box_at(vehicle, broken.from_s)
                figures.faults.append(Fault(MISSED, broken.rule, broken.from_s, vehicle, box))
    figures.faults.sort(key=lambda fault: fault.at_s)
    return figures


def vehicle_of(
    violation: FoundViolation, vehicles: Sequence[FilmedVehicle]
) -> FilmedVehicle | None:
    """The vehicle whose boxes agree best with the violation's; None where none agrees enough."""
    best, best_iou = None, _LEAST_IOU
    for vehicle in vehicles:
        iou = _agreement(violation, vehicle)
        if iou > best_iou:
            best, best_iou = vehicle, iou
    return best


def box_at(vehicle: FilmedVehicle, time_s: float) -> tuple[float, float, float, float] | None:
    """A vehicle's box at the moment of its truth that is nearest; None where it is not seen."""
    if not len(vehicle.times_s):
        return None
    index = int(np.abs(vehicle.times_s - time_s).argmin())
    if abs(float(vehicle.times_s[index]) - time_s) > 1.0:
        return None
    left, top, right, bottom = (float(side) for side in vehicle.boxes[index])
    return left, top, right, bottom


def _agreement(violation: FoundViolation, vehicle: FilmedVehicle) -> float:
    """Mean overlap over the violation's boxes; 0 for a moment without the vehicle."""
    times = vehicle.times_s
    if not len(times) or not len(violation.times_s):
        return 0.0
    if violation.times_s[0] > times[-1] or violation.times_s[-1] < times[0]:
        return 0.0
    boxes = np.stack(
        [np.interp(violation.times_s, times, vehicle.boxes[:, side]) for side in range(4)], axis=1
    )
    nearest = np.abs(violation.times_s[:, None] - times[None, :]).min(axis=1)
    overlaps = np.array(
        [
            float(pairwise_iou(mine[None], true[None])[0, 0])
            for mine, true in zip(violation.boxes, boxes, strict=True)
        ]
    )
    return float(np.where(nearest <= _NEAREST_S, overlaps, 0.0).mean())


def _offence_of(violation: FoundViolation, vehicle: FilmedVehicle) -> Offence | None:
    for offence in vehicle.offences:
        in_time = offence.from_s - _BEFORE_S <= violation.at_s <= offence.to_s + _AFTER_S
        if offence.rule == violation.rule and in_time:
            return offence
    return None


def _fault(kind: str, violation: FoundViolation, vehicle: FilmedVehicle | None) -> Fault:
    box = None
    if len(violation.times_s):
        index = int(np.abs(violation.times_s - violation.at_s).argmin())
        left, top, right, bottom = (float(side) for side in violation.boxes[index])
        box = left, top, right, bottom
    return Fault(kind, violation.rule, violation.at_s, vehicle, box)
