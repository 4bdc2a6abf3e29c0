"""All events of a run, kept in memory and turned into an outcome."""

from payesh.contracts import (
    CitationDrafted,
    CitationRejected,
    Event,
    GapRecorded,
    PassageObserved,
    PlateRead,
    SegmentStored,
    SnapshotStored,
    ViolationDetected,
)
from payesh.local.bus_tap import BusTap
from payesh.local.verdict import Outcome

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


def outcome(tap: BusTap) -> Outcome:
    """The received events, ready to be judged."""
    drafted = tap.received[CitationDrafted.topic].values()
    return Outcome(
        passages=tap.events(PassageObserved),
        reads={read.passage_id: read for read in tap.events(PlateRead)},
        violations=tap.events(ViolationDetected),
        citations=tap.events(CitationDrafted),
        claimable_at={
            each.event.citation_id: each.received_at
            for each in drafted
            if isinstance(each.event, CitationDrafted)
        },
        whole_traces=whole_traces(tap),
    )


def whole_traces(tap: BusTap) -> list[str]:
    """Trace ids that a segment, its passage, violation, read and citation all carry."""
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
        if trace_id in segments and all(stage.get(passage_id) == trace_id for stage in stages)
        if trace_id is not None
    ]
