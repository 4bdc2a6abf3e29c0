"""What the observer has in memory: cameras, their streams, and what waits to be published."""

from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import UUID

from payesh.contracts.detect import Shot
from payesh.contracts.values import ModelReference
from payesh.detect.domain.camera_watch import CameraWatch
from payesh.detect.vision.observations import Observation
from payesh.detect.vision.stream_observer import StreamObserver


@dataclass(slots=True)
class WatchedStream:
    """An observer in memory, with what it concluded that is not published yet."""

    observer: StreamObserver
    models: tuple[ModelReference, ...]
    revision_sha256: str
    saved_sequence: int = -1
    pending: list[Observation] = field(default_factory=list)
    shots: dict[UUID, tuple[Shot, ...]] = field(default_factory=dict)
    """Pictures of published passages whose vehicles are followed on: a violation may follow."""

    @property
    def unsaved(self) -> bool:
        return self.observer.last_sequence > self.saved_sequence


@dataclass(slots=True)
class WatchedCamera:
    """A camera whose messages this process handles."""

    partition: int
    watch: CameraWatch
    streams: dict[UUID, WatchedStream] = field(default_factory=dict)
    in_hand: bool = False
    """A message of it is being handled: its effects are in memory alone."""

    @property
    def written_down(self) -> bool:
        return not self.in_hand and not any(s.unsaved or s.pending for s in self.streams.values())


class WatchedCameras:
    """A cache of the checkpoints: it may be dropped at any time between two messages.

    `streams_in_memory` bounds it, but for what is not written down.
    """

    def __init__(self, streams_in_memory: int) -> None:
        self._streams_in_memory = streams_in_memory
        self._cameras: OrderedDict[str, WatchedCamera] = OrderedDict()

    def get(self, camera_id: str) -> WatchedCamera | None:
        return self._cameras.get(camera_id)

    def keep(self, camera_id: str, camera: WatchedCamera) -> None:
        """Remember it as the one that was seen last."""
        self._cameras[camera_id] = camera
        self._cameras.move_to_end(camera_id)

    def drop(self, partitions: set[int]) -> None:
        """Forget cameras whose partitions another process holds now: our memory grows stale."""
        gone = [name for name, camera in self._cameras.items() if camera.partition in partitions]
        for name in gone:
            del self._cameras[name]

    def shed(self) -> None:
        """Forget the cameras that were seen longest ago, until no more streams are held than
        allowed; those whose state is not written down stay."""
        held = sum(len(camera.streams) for camera in self._cameras.values())
        for name, camera in list(self._cameras.items()):
            if held <= self._streams_in_memory:
                return
            if camera.written_down:
                held -= len(camera.streams)
                del self._cameras[name]
