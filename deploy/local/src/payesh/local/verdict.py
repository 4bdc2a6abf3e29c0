"""Comparison of published events with the truth of the synthetic street. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from payesh.contracts import CitationDrafted, PassageObserved, PlateRead, ViolationDetected

_MATCH_WITHIN_S = 0.8


@dataclass(frozen=True)
class TrueVehicle:
    """One vehicle of the street; `exits_at` is when its front crossed the exit line (UTC)."""

    vehicle_id: str
    lane: str
    plate: str
    speed_kmh: float
    exits_at: datetime


@dataclass(frozen=True)
class Outcome:
    """The events of one run."""

    passages: Sequence[PassageObserved]
    reads: Mapping[UUID, PlateRead]
    violations: Sequence[ViolationDetected]
    citations: Sequence[CitationDrafted]
    claimable_at: Mapping[UUID, datetime]
    whole_traces: Sequence[str]


@dataclass(frozen=True)
class Figures:
    """Figures of one run. Shares are between 0 and 1; latency runs from the vehicle's last
    frame to the claimable draft."""

    vehicles_in_truth: int
    passages: int
    passages_of_vehicles: int
    reads_right: int
    reads_wrong: int
    reads_unreadable: int
    violations_in_truth: int
    violations_by_lower_bound: int
    citations_drafted: int
    drafts_of_violations: int
    false_citations: int
    speeds_measured: int
    speed_inside_u95_share: float
    speed_u95_kmh_median: float
    latency_p50_s: float | None
    latency_p95_s: float | None
    trace_id: str | None
    missed: tuple[str, ...]

    def shortfalls(self) -> list[str]:
        """Promises that this run did not keep; empty when it kept all."""
        found = []
        if self.passages_of_vehicles < 0.95 * self.vehicles_in_truth:
            found.append("passages of fewer than 95 % of vehicles")
        if self.reads_right < 0.90 * self.passages:
            found.append("exact reads of fewer than 90 % of passages")
        if self.drafts_of_violations < 0.90 * self.violations_by_lower_bound:
            found.append("drafts of fewer than 90 % of violations by lower bound")
        if self.false_citations:
            found.append("a false citation")
        if self.speed_inside_u95_share < 0.90:
            found.append("true speed inside the stated bound for fewer than 90 %")
        if self.latency_p95_s is None or self.latency_p95_s >= 5.0:
            found.append("p95 latency not under 5 s")
        if self.trace_id is None:
            found.append("no trace from a segment to a citation")
        return found

    def as_line(self) -> dict[str, object]:
        """Ready for JSON."""
        return {**asdict(self), "shortfalls": self.shortfalls()}


def match(
    vehicles: Sequence[TrueVehicle], passages: Sequence[PassageObserved]
) -> dict[str, PassageObserved]:
    """Vehicle id to its passage: same lane, nearest in time, each used once."""
    pairs = sorted(
        (abs((passage.captured_at - vehicle.exits_at).total_seconds()), v, p)
        for v, vehicle in enumerate(vehicles)
        for p, passage in enumerate(passages)
        if passage.lane == vehicle.lane
        and abs(passage.captured_at - vehicle.exits_at) <= timedelta(seconds=_MATCH_WITHIN_S)
    )
    found: dict[str, PassageObserved] = {}
    taken: set[int] = set()
    for _, v, p in pairs:
        if vehicles[v].vehicle_id in found or p in taken:
            continue
        found[vehicles[v].vehicle_id] = passages[p]
        taken.add(p)
    return found


def figures(vehicles: Sequence[TrueVehicle], limit_kmh: float, outcome: Outcome) -> Figures:
    """Judge one run. A citation is false when its vehicle did not exceed the limit, its plate
    belongs to another vehicle, or there was no vehicle."""
    matched = match(vehicles, outcome.passages)
    by_passage = {passage.passage_id: v for v, passage in matched.items()}
    truth = {vehicle.vehicle_id: vehicle for vehicle in vehicles}

    right = wrong = unreadable = 0
    for passage in outcome.passages:
        read = outcome.reads.get(passage.passage_id)
        vehicle_id = by_passage.get(passage.passage_id)
        if read is None or read.plate is None:
            unreadable += 1
        elif vehicle_id is not None and read.plate.text == truth[vehicle_id].plate:
            right += 1
        else:
            wrong += 1

    cited = {citation.passage_id for citation in outcome.citations}
    breaking = {
        passage.passage_id
        for passage in outcome.passages
        if passage.speed is not None
        and passage.speed.speed_kmh - passage.speed.speed_u95_kmh > limit_kmh
    }
    false = 0
    for citation in outcome.citations:
        vehicle = truth.get(by_passage.get(citation.passage_id, ""))
        if (
            vehicle is None
            or vehicle.speed_kmh <= limit_kmh
            or vehicle.plate != citation.plate.text
        ):
            false += 1

    inside = [
        abs(passage.speed.speed_kmh - truth[vehicle_id].speed_kmh) <= passage.speed.speed_u95_kmh
        for vehicle_id, passage in matched.items()
        if passage.speed is not None
    ]
    bounds = [p.speed.speed_u95_kmh for p in matched.values() if p.speed is not None]
    last_frames = {passage.passage_id: passage.last_seen_at for passage in outcome.passages}
    latencies = [
        (
            outcome.claimable_at[citation.citation_id] - last_frames[citation.passage_id]
        ).total_seconds()
        for citation in outcome.citations
        if citation.passage_id in last_frames
    ]
    return Figures(
        vehicles_in_truth=len(vehicles),
        passages=len(outcome.passages),
        passages_of_vehicles=len(matched),
        reads_right=right,
        reads_wrong=wrong,
        reads_unreadable=unreadable,
        violations_in_truth=sum(vehicle.speed_kmh > limit_kmh for vehicle in vehicles),
        violations_by_lower_bound=len(breaking),
        citations_drafted=len(outcome.citations),
        drafts_of_violations=len(breaking & cited),
        false_citations=false,
        speeds_measured=len(inside),
        speed_inside_u95_share=round(float(np.mean(inside)), 4) if inside else 0.0,
        speed_u95_kmh_median=round(float(np.median(bounds)), 3) if bounds else 0.0,
        latency_p50_s=round(float(np.percentile(latencies, 50)), 3) if latencies else None,
        latency_p95_s=round(float(np.percentile(latencies, 95)), 3) if latencies else None,
        trace_id=outcome.whole_traces[0] if outcome.whole_traces else None,
        missed=tuple(v.vehicle_id for v in vehicles if v.vehicle_id not in matched),
    )
