"""A stream observer's state as the parts of a checkpoint, and back.

A part that is missing, damaged or of a version that is not known here is rebuilt; the others are
used. What such a loss makes unsure is concluded and not continued.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from payesh.contracts.ingest import SegmentStored
from payesh.contracts.vocabulary import PassageEnd
from payesh.detect.domain.counts import MinuteCounter
from payesh.detect.ports import UNREADABLE, Part, Parts, Remembers
from payesh.detect.vision.evidence_links import EvidenceLinks
from payesh.detect.vision.following import Following
from payesh.detect.vision.observations import Observation
from payesh.detect.vision.stream_clock import StreamClock
from payesh.detect.vision.stream_observer import StreamObserver

STREAM = "stream"
COUNTS = "counts"
_STREAM_VERSION = _COUNTS_VERSION = 1
_ENDS_TRAJECTORIES = {StreamClock.part_name, EvidenceLinks.part_name, Following.part_name}
"""Without one of these, as without the detector's memory, no speed may be measured and nothing
proved over what came before."""


class StreamUnreadable(ValueError):
    """Not even the last segment is known: the stream is observed afresh."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What became of a checkpoint: the names of the parts that had to be rebuilt, and what that
    concluded."""

    rebuilt: tuple[str, ...]
    observations: list[Observation]


def parts_of(observer: StreamObserver) -> list[Part]:
    """Everything that what comes next depends on. Raises ValueError before the first segment."""
    if observer.last_event is None or observer.following.tracker is None:
        raise ValueError("no segment was observed yet")
    stream = {
        "last_event": observer.last_event.model_dump(mode="json"),
        "broken": observer.broken,
        "frame_rate_hz": observer.frame_rate_hz,
        "picture_px": observer.judging.picture_px,
        "frames_shown": observer.frames_shown,
    }
    return [
        observer.following.tracker.memory(),
        observer.detector.memory(),
        observer.decoding.memory(),
        observer.clock.memory(),
        observer.links.memory(),
        observer.judging.signals.memory(),
        Part(COUNTS, _COUNTS_VERSION, observer.road.counter.to_state()),
        observer.road.incidents.memory(),
        observer.road.health.memory(),
        observer.following.memory(),
        *observer.judging.memory(observer.following.vehicles),
        Part(STREAM, _STREAM_VERSION, stream),
    ]


def last_event_of(parts: Parts) -> SegmentStored:
    """The last segment that the checkpoint covers. Raises StreamUnreadable."""
    try:
        stream = _part(parts, STREAM, _STREAM_VERSION)
        return SegmentStored.model_validate_json(json.dumps(stream.state["last_event"]))
    except UNREADABLE as error:
        raise StreamUnreadable(str(error)) from error


def recall(observer: StreamObserver, parts: Parts) -> Recalled:
    """Let a new observer continue after the checkpoint's last segment. Raises StreamUnreadable."""
    observer.last_event = last_event_of(parts)
    stream = _part(parts, STREAM, _STREAM_VERSION)
    try:
        rate_hz, observer.broken = float(stream.state["frame_rate_hz"]), stream.state["broken"]
        tracker = observer.make_tracker(rate_hz)
        size_px = stream.state.get("picture_px")
        if size_px is not None:  # a checkpoint of an earlier version lacks these
            observer.judging.show((int(size_px[0]), int(size_px[1])))
            observer.frames_shown = int(stream.state["frames_shown"])
    except UNREADABLE as error:
        raise StreamUnreadable(str(error)) from error
    remembering: tuple[Remembers, ...] = (
        tracker, observer.detector, observer.decoding, observer.clock, observer.links,
        observer.following, observer.judging.signals, observer.road.incidents,
        observer.road.health,
    )  # fmt: skip
    steps = {each.part_name: partial(_recall, each, parts) for each in remembering}
    steps[COUNTS] = partial(_recall_counts, observer, parts)
    rebuilt = [name for name, step in steps.items() if not _succeeds(step)]
    rebuilt += observer.judging.recall(parts, observer.following.vehicles)
    observer.checkpointed()
    observations: list[Observation] = []
    if tracker.part_name in rebuilt:
        observations = observer.close(PassageEnd.LOST)
    elif {observer.detector.part_name, *_ENDS_TRAJECTORIES} & set(rebuilt):
        observations = observer.close(PassageEnd.LOST, going_on=True)
    return Recalled(tuple(rebuilt), observations)


def _part(parts: Parts, name: str, version: int) -> Part:
    part = parts[name]
    if part.version != version:
        raise ValueError(f"part {name} has version {part.version}, not {version}")
    return part


def _recall(remembers: Remembers, parts: Parts) -> None:
    remembers.recall(_part(parts, remembers.part_name, remembers.part_version))


def _recall_counts(observer: StreamObserver, parts: Parts) -> None:
    observer.road.counter = MinuteCounter.from_state(_part(parts, COUNTS, _COUNTS_VERSION).state)


def _succeeds(step: Callable[[], None]) -> bool:
    try:
        step()
    except UNREADABLE:
        return False
    return True
