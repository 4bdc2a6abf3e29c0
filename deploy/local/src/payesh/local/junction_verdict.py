"""Comparison of published events with the truth of the junction, rule by rule. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from payesh.contracts import CitationDrafted, CitationRejected, ViolationDetected
from payesh.contracts.values import MeasuredQuantity
from payesh.detect.evaluation.rule_figures import (
    Fault,
    FoundViolation,
    RuleFigures,
    compared,
    vehicle_of,
)
from payesh.detect.evaluation.rule_films import RuleFilm

MISSED_AT_MOST = 0.1
"""Share of the offences that may be missed; one of them in any case. A false accusation never."""


@dataclass(slots=True)
class RuleOutcome:
    """What became of one rule's offences, from the truth to the officers' queue.

    `drafted_for_another` counts drafts with a plate that is not the accused vehicle's;
    `undecided` are violations with neither a draft nor a rejection.
    """

    found: RuleFigures
    drafted: int = 0
    drafted_for_another: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    undecided: int = 0

    @property
    def missed(self) -> int:
        return self.found.offences - self.found.found

    def as_line(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "offences": self.found.offences,
            "found": self.found.found,
            "marginal_found": self.found.marginal_found,
            "missed": self.missed,
            "false": self.found.false,
            "twice": self.found.twice,
            "drafted": self.drafted,
            "drafted_for_another": self.drafted_for_another,
            "rejected": dict(sorted(self.rejected.items())),
            "undecided": self.undecided,
        }


@dataclass(frozen=True, slots=True)
class JunctionFigures:
    """Figures of one run by rule, of those that the film shows broken or that were found, and each
    fault with its vehicle and moment."""

    vehicles_in_truth: int
    by_rule: Mapping[str, RuleOutcome]
    faults: Sequence[Fault]

    def shortfalls(self) -> list[str]:
        """Promises that this run did not keep; empty when it kept all."""
        found = []
        rules = self.by_rule.values()
        if any(each.found.false for each in rules):
            found.append("junction: a false accusation")
        if any(each.found.twice for each in rules):
            found.append("junction: an offence found twice")
        if any(each.drafted_for_another for each in rules):
            found.append("junction: a draft with another vehicle's plate")
        offences = sum(each.found.offences for each in rules)
        if sum(each.missed for each in rules) > max(1, int(MISSED_AT_MOST * offences)):
            found.append(f"junction: more than {MISSED_AT_MOST:.0%} of the offences missed")
        if any(each.undecided for each in rules):
            found.append("junction: a violation that is neither drafted nor rejected")
        return found

    def as_line(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "vehicles_in_truth": self.vehicles_in_truth,
            "by_rule": {rule: self.by_rule[rule].as_line() for rule in sorted(self.by_rule)},
            "faults": [fault.described() for fault in self.faults],
        }


def judged(
    film: RuleFilm,
    plates: Mapping[str, str],
    violations: Sequence[ViolationDetected],
    drafted: Sequence[CitationDrafted],
    rejected: Sequence[CitationRejected],
) -> JunctionFigures:
    """Judge one run of a film whose first frame was shown at its `first_frame_at`. `plates` has
    the text of each vehicle's plate by the vehicle's id."""
    found = {each.violation_id: found_in(each, film.first_frame_at) for each in violations}
    figures = compared(film, found.values())
    by_rule = {
        rule: RuleOutcome(row)
        for rule, row in figures.by_rule.items()
        if row.offences or row.violations
    }
    drafts = {each.violation_id: each for each in drafted}
    reasons = {each.violation_id: str(each.reason) for each in rejected}
    for each in violations:
        row = by_rule[str(each.rule)]
        if (draft := drafts.get(each.violation_id)) is not None:
            row.drafted += 1
            vehicle = vehicle_of(found[each.violation_id], film.vehicles)
            is_its_own = vehicle is not None and plates[vehicle.vehicle_id] == draft.plate.text
            row.drafted_for_another += not is_its_own
        elif (reason := reasons.get(each.violation_id)) is not None:
            row.rejected[reason] += 1
        else:
            row.undecided += 1
    return JunctionFigures(len(film.vehicles), by_rule, figures.faults)


def found_in(violation: ViolationDetected, first_frame_at: datetime) -> FoundViolation:
    """A published violation as it is compared with a film's truth."""
    sightings = violation.track.boxes if violation.track is not None else ()
    measurement = violation.measurement
    bound = measurement if isinstance(measurement, MeasuredQuantity) else measurement.margin
    return FoundViolation(
        rule=str(violation.rule),
        at_s=(violation.captured_at - first_frame_at).total_seconds(),
        vehicle_class=str(violation.vehicle.vehicle_class),
        lower_bound=bound.lower_bound,
        times_s=np.array([(s.frame_at - first_frame_at).total_seconds() for s in sightings]),
        boxes=np.array(
            [
                (s.box.x_px, s.box.y_px, s.box.x_px + s.box.width_px, s.box.y_px + s.box.height_px)
                for s in sightings
            ]
        ).reshape(-1, 4),
    )
