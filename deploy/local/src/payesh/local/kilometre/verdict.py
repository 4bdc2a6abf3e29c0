"""Comparison of published average speeds with what was driven over the kilometre. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from payesh.contracts import CitationDrafted, CitationRejected, ViolationDetected
from payesh.contracts.values import MeasuredQuantity
from payesh.contracts.vocabulary import ViolationRule
from payesh.local.kilometre.drives import Drive

_WITHIN = timedelta(seconds=0.8)


@dataclass(slots=True)
class KilometreFigures:
    """What became of the drives; `faults` name each vehicle. Of a drive too near to the limit
    neither a finding nor none is a fault."""

    vehicles: int
    offences: int = 0
    found: int = 0
    marginal_found: int = 0
    false: int = 0
    twice: int = 0
    bounds_above_truth: int = 0
    drafted: int = 0
    drafted_for_another: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    undecided: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def missed(self) -> int:
        return self.offences - self.found

    def shortfalls(self) -> list[str]:
        """Promises that this run did not keep; empty when it kept all."""
        found = []
        if self.false or self.bounds_above_truth:
            found.append("kilometre: a false accusation")
        if self.twice:
            found.append("kilometre: an offence found twice")
        if self.drafted_for_another:
            found.append("kilometre: a draft with another vehicle's plate")
        if self.missed > 1:
            found.append("kilometre: more than one offence missed")
        if self.undecided:
            found.append("kilometre: a violation that is neither drafted nor rejected")
        return found

    def as_line(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "vehicles_in_truth": self.vehicles,
            "offences": self.offences,
            "found": self.found,
            "marginal_found": self.marginal_found,
            "missed": self.missed,
            "false": self.false,
            "twice": self.twice,
            "bounds_above_truth": self.bounds_above_truth,
            "drafted": self.drafted,
            "drafted_for_another": self.drafted_for_another,
            "rejected": dict(sorted(self.rejected.items())),
            "undecided": self.undecided,
            "faults": list(self.faults),
        }


def judged(
    drives: Sequence[Drive],
    began_at: datetime,
    violations: Sequence[ViolationDetected],
    drafted: Sequence[CitationDrafted],
    rejected: Sequence[CitationRejected],
) -> KilometreFigures:
    """Judge the average speeds of a run whose entry film began at a moment."""
    figures = KilometreFigures(vehicles=len(drives))
    drafts = {each.violation_id: each for each in drafted}
    reasons = {each.violation_id: str(each.reason) for each in rejected}
    seen: Counter[str] = Counter()
    for violation in violations:
        if violation.rule != ViolationRule.AVERAGE_SPEED:
            continue
        drive = _drive_of(violation, drives, began_at)
        if drive is None or not drive.broke:
            figures.false += 1
            figures.faults.append(f"false at {violation.captured_at.isoformat()}")
        else:
            seen[drive.vehicle_id] += 1
            _compare_bound(figures, violation, drive)
        _follow(figures, violation, drive, drafts, reasons)
    for drive in drives:
        if not drive.broke:
            continue
        times = seen[drive.vehicle_id]
        figures.twice += max(times - 1, 0)
        if drive.marginal:
            figures.marginal_found += min(times, 1)
            continue
        figures.offences += 1
        figures.found += min(times, 1)
        if not times:
            figures.faults.append(f"missed {drive.vehicle_id}: {drive.role}")
    return figures


def _drive_of(
    violation: ViolationDetected, drives: Sequence[Drive], began_at: datetime
) -> Drive | None:
    """The drive both of whose crossings the violation has, in its lane."""
    if violation.entry_passage is None:
        return None
    left_s, entered_s = (
        (at - began_at).total_seconds()
        for at in (violation.captured_at, violation.entry_passage.captured_at)
    )
    within_s = _WITHIN.total_seconds()
    for drive in drives:
        if drive.entered_s is None or drive.left_s is None or str(drive.lane) != violation.lane:
            continue
        if abs(drive.entered_s - entered_s) <= within_s and abs(drive.left_s - left_s) <= within_s:
            return drive
    return None


def _compare_bound(figures: KilometreFigures, violation: ViolationDetected, drive: Drive) -> None:
    measured, average_kmh = violation.measurement, drive.average_kmh
    if average_kmh is None or not isinstance(measured, MeasuredQuantity):
        return
    if measured.lower_bound > average_kmh:
        figures.bounds_above_truth += 1
        figures.faults.append(f"bound above the truth of {drive.vehicle_id}")


def _follow(
    figures: KilometreFigures,
    violation: ViolationDetected,
    drive: Drive | None,
    drafts: dict[Any, CitationDrafted],
    reasons: dict[Any, str],
) -> None:
    if (draft := drafts.get(violation.violation_id)) is not None:
        figures.drafted += 1
        figures.drafted_for_another += drive is None or drive.plate != draft.plate.text
    elif (reason := reasons.get(violation.violation_id)) is not None:
        figures.rejected[reason] += 1
    else:
        figures.undecided += 1
