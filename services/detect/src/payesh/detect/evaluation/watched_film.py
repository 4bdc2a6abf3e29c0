"""A film watched as a camera's stream: what is observed of it is published into files."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import cv2

from payesh.contracts import Event
from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import ObjectReference
from payesh.detect.adapters.detectors import Detectors
from payesh.detect.domain.camera_watch import CameraWatch
from payesh.detect.domain.detections import Detections
from payesh.detect.domain.trajectory import Trajectory
from payesh.detect.evaluation.film_segments import CutSegment, object_reference
from payesh.detect.evaluation.observed_film import new_observer
from payesh.detect.frames import Frame
from payesh.detect.handlers.publishing import Publishing
from payesh.detect.handlers.watching import WatchedStream
from payesh.detect.ports import Detector, Part
from payesh.detect.vision.followed_vehicle import FollowedVehicle
from payesh.detect.vision.stream_observer import StreamObserver


class ShotsFolder:
    """Keeps pictures of vehicles in a folder, or, without one, only says what they would be."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    async def put(self, bucket: str, key: str, data: bytes, *, media_type: str) -> ObjectReference:
        """Raises OSError."""
        if self._folder is not None:
            path = self._folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return object_reference(bucket, key, data, media_type)


@dataclass
class GatheredEvents:
    """Takes what would go onto the bus."""

    events: list[Event] = field(default_factory=list)

    async def publish(self, event: Event) -> None:
        self.events.append(event)


class _Attending:
    """A stream's detector that also notes which vehicles are followed at each frame. It is never
    written down."""

    part_name: ClassVar[str] = "detector.attending"
    part_version: ClassVar[int] = 1

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.observer: StreamObserver | None = None
        self.vehicles: dict[UUID, FollowedVehicle] = {}
        self.frames = 0

    def detect(self, frame: Frame) -> Detections:
        self.frames += 1
        self.note()
        return self._detector.detect(frame)

    def note(self) -> None:
        if self.observer is not None:
            for vehicle in self.observer.following.vehicles:
                self.vehicles[vehicle.passage_id] = vehicle

    def memory(self) -> Part:
        return self._detector.memory()

    def recall(self, part: Part) -> None:
        self._detector.recall(part)


class FilmWatcher:
    """The observer as it runs in production, with files in place of bus and store."""

    def __init__(
        self, revision: CameraRevision, detectors: Detectors, shots: Path | None = None
    ) -> None:
        cv2.setNumThreads(1)
        detector, models = detectors.for_stream(revision)
        self._attending = _Attending(detector)
        self._observer = self._attending.observer = new_observer(revision, self._attending)
        self._stream = WatchedStream(self._observer, models, revision_sha256="")
        self._gathered = GatheredEvents()
        software = f"payesh-detect {version('payesh-detect')}"
        self._publishing = Publishing(ShotsFolder(shots), self._gathered, software)
        self._watch = CameraWatch()

    @property
    def frames(self) -> int:
        """Frames that were looked at."""
        return self._attending.frames

    def watch(self, segments: Sequence[CutSegment]) -> Iterator[list[Event]]:
        """Observe one segment after another; what each completes, as published. Raises
        MessageFault, SegmentBroken, OSError."""
        for each in segments:
            self._stream.pending += self._observer.observe_segment(
                each.event, each.init, each.media
            )
            self._attending.note()
            asyncio.run(self._publishing.publish_pending(self._stream, self._watch))
            events, self._gathered.events = self._gathered.events, []
            yield events

    def trajectories(self) -> dict[UUID, Trajectory]:
        """Where every vehicle was that was followed so far, by the id of its passage."""
        return {
            passage_id: vehicle.trajectory
            for passage_id, vehicle in self._attending.vehicles.items()
            if not vehicle.dismissed
        }
