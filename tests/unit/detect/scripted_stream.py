"""A stream without video: grey frames in which a detector finds what a script holds."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import ClassVar
from uuid import UUID

import numpy as np

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.ingest import SegmentStored, VideoFormat
from payesh.contracts.values import ClockSource
from payesh.detect.adapters.checkpoint import read_checkpoint
from payesh.detect.adapters.tracker import VehicleTracker
from payesh.detect.domain.detections import Detections
from payesh.detect.frames import Frame
from payesh.detect.ports import DecodedPart, Part
from payesh.detect.vision.observations import Observation
from payesh.detect.vision.stream_memory import recall
from payesh.detect.vision.stream_observer import StreamObserver
from tests.unit.detect.segment_cutter import STARTED_AT, reference, revision_reference

RATE_HZ = 5
SEGMENT_S = 2
Box = tuple[float, float, float, float]
Script = Callable[[float], list[Box]]
"""Boxes of cars at a time in seconds."""


class ScriptedDetector:
    """Finds cars, and people if asked for them, where a script has them. It remembers nothing."""

    part_name: ClassVar[str] = "detector.scripted"
    part_version: ClassVar[int] = 1

    def __init__(self, script: Script, persons: Script | None = None) -> None:
        self._script = script
        self._persons = persons

    def detect(self, frame: Frame) -> Detections:
        boxes = self._script(frame.time_s)
        found = Detections.of(boxes, [0.9] * len(boxes), [0] * len(boxes))
        if self._persons is None:
            return found
        persons = np.array(self._persons(frame.time_s), dtype=np.float32).reshape(-1, 4)
        return replace(found, persons=persons)

    def memory(self) -> Part:
        return Part(self.part_name, self.part_version)

    def recall(self, part: Part) -> None:
        pass


class GreyDecoder:
    """Decodes to the frames of the segment whose sequence is its media."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._planes = np.full((360, 640), 110, np.uint8), np.full((180, 320), 128, np.uint8)

    def open(self, init: bytes) -> None:
        pass

    def decode(self, media: bytes) -> DecodedPart:
        luma, chroma = self._planes
        first = int(media) * SEGMENT_S * self._rate_hz
        frames = (
            Frame(luma, chroma, chroma, index / self._rate_hz)
            for index in range(first, first + SEGMENT_S * self._rate_hz)
        )
        return DecodedPart(first / self._rate_hz, SEGMENT_S, 0.0, True, True, frames)

    def drain(self) -> Iterator[Frame]:
        return iter(())


def scripted_observer(
    revision: CameraRevision,
    script: Script,
    *,
    rate_hz: int = RATE_HZ,
    persons: Script | None = None,
) -> StreamObserver:
    return StreamObserver(
        revision,
        ScriptedDetector(script, persons),
        new_decoder=partial(GreyDecoder, rate_hz),
        new_tracker=VehicleTracker,
    )


def recalled_scripted(
    archive: bytes,
    revision: CameraRevision,
    script: Script,
    *,
    rate_hz: int = RATE_HZ,
    persons: Script | None = None,
) -> StreamObserver:
    """An observer that continues from a checkpoint, all parts of which are readable."""
    observer = scripted_observer(revision, script, rate_hz=rate_hz, persons=persons)
    assert recall(observer, read_checkpoint(archive)).rebuilt == ()
    return observer


def watch(
    observer: StreamObserver,
    revision: CameraRevision,
    *,
    from_s: int = 0,
    to_s: int,
    rate_hz: int = RATE_HZ,
) -> list[Observation]:
    """What the observer concludes from the segments of a span of time."""
    observations: list[Observation] = []
    for sequence in range(from_s // SEGMENT_S, to_s // SEGMENT_S):
        media = str(sequence).encode()
        event = segment(revision, sequence, media, rate_hz)
        observations += observer.observe_segment(event, b"", media)
    return observations


def segment(revision: CameraRevision, sequence: int, media: bytes, rate_hz: int) -> SegmentStored:
    return SegmentStored(
        camera_id=revision.camera_id,
        county=revision.county,
        road_class=revision.road_class,
        place_class=revision.place_class,
        captured_at=STARTED_AT + timedelta(seconds=sequence * SEGMENT_S),
        clock_source=ClockSource.RTCP,
        clock_u95_ms=20.0,
        revision=revision_reference(revision),
        stream_id=UUID(int=11),
        sequence=sequence,
        fencing_token=1,
        duration_ms=SEGMENT_S * 1000,
        frame_count=SEGMENT_S * rate_hz,
        repaired_timestamps=0,
        video=VideoFormat(codec="h264", width_px=640, height_px=360),
        init=reference("segments", "scripted/init.mp4", b"", "video/mp4"),
        media=reference("segments", f"scripted/{sequence}.m4s", media, "video/mp4"),
        previous_link_sha256=None if sequence == 0 else f"{sequence - 1:064x}",
        link_sha256=f"{sequence:064x}",
        last_in_stream=False,
    )
