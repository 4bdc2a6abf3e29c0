"""All events of a run, kept in memory and turned into an outcome."""

from collections.abc import Collection
from typing import TypeVar
from uuid import UUID

from payesh.contracts import (
    CitationDrafted,
    CitationRejected,
    Event,
    GapRecorded,
    PassageObserved,
    PlateRead,
    SegmentStored,
    SnapshotStored,
    TrafficCounted,
    ViolationDetected,
)
from payesh.contracts.event import CameraEvent
from payesh.local.bus_tap import BusTap
from payesh.local.verdict import Outcome

E = TypeVar("E", bound=CameraEvent)

RECORDED = (
    SegmentStored,
    SnapshotStored,
    GapRecorded,
    PassageObserved,
    ViolationDetected,
    PlateRead,
    CitationDrafted,
    CitationRejected,
)


def record(bootstrap: str, *further: type[Event]) -> BusTap:
    """A tap on everything between a camera and an officer."""
    kinds: tuple[type[Event], ...] = (*RECORDED, *further)
    return BusTap(bootstrap, tuple(kind.topic for kind in kinds))


def is_settled(tap: BusTap) -> bool:
    """Whether every passage has its read and every violation its citation, drafted or rejected."""
    read = {read.passage_id for read in tap.events(PlateRead)}
    decided = {citation.violation_id for citation in tap.events(CitationDrafted)}
    decided |= {citation.violation_id for citation in tap.events(CitationRejected)}
    return all(p.passage_id in read for p in tap.events(PassageObserved)) and all(
        v.violation_id in decided for v in tap.events(ViolationDetected)
    )


def is_observed(tap: BusTap, camera_id: str) -> bool:
    """Whether the camera's stream has ended and was counted to its end. An observer publishes the
    count of a stream's last interval after all its other events; the tap must record counts."""
    ends = [s.captured_at for s in events_of(tap, SegmentStored, camera_id) if s.last_in_stream]
    counted = [c.ended_at for c in events_of(tap, TrafficCounted, camera_id)]
    return bool(ends) and max(counted, default=min(ends)) > max(ends)


def events_of(tap: BusTap, kind: type[E], camera_id: str) -> list[E]:
    """Every distinct event of one kind about one camera, in the order received."""
    return [each for each in tap.events(kind) if each.camera_id == camera_id]


def outcome(tap: BusTap, camera_id: str) -> Outcome:
    """The received events of one camera, ready to be judged."""
    citations = events_of(tap, CitationDrafted, camera_id)
    cited = {citation.citation_id for citation in citations}
    return Outcome(
        passages=events_of(tap, PassageObserved, camera_id),
        reads={read.passage_id: read for read in events_of(tap, PlateRead, camera_id)},
        violations=events_of(tap, ViolationDetected, camera_id),
        citations=citations,
        claimable_at={
            each.event.citation_id: each.received_at
            for each in tap.received[CitationDrafted.topic].values()
            if isinstance(each.event, CitationDrafted) and each.event.citation_id in cited
        },
        whole_traces=whole_traces(tap, {citation.passage_id for citation in citations}),
    )


def whole_traces(tap: BusTap, passages: Collection[UUID]) -> list[str]:
    """Trace ids that a segment, one of the passages, its violation, read and citation carry."""
    segments = {each.trace_id for each in tap.received[SegmentStored.topic].values()}
    stages: list[dict[object, str | None]] = []
    for kind in (PassageObserved, ViolationDetected, PlateRead, CitationDrafted):
        stages.append(
            {
                getattr(each.event, "passage_id", None): each.trace_id
                for each in tap.received[kind.topic].values()
            }
        )
    return [
        trace_id
        for passage_id, trace_id in stages[-1].items()
        if passage_id in passages
        if trace_id in segments and all(stage.get(passage_id) == trace_id for stage in stages)
        if trace_id is not None
    ]
