"""What the observer has in memory: cameras, their streams, and what waits to be published."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from payesh.contracts.detect import Shot
from payesh.contracts.values import ModelReference
from payesh.detect.domain.camera_watch import CameraWatch
from payesh.detect.vision.observations import Observation
from payesh.detect.vision.stream_observer import StreamObserver

_PIXELS_1080P = 1920 * 1080


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

    @property
    def size(self) -> float:
        """Memory that it takes, in streams of 1080p; a smaller one counts as one of them."""
        width_px, height_px = self.observer.judging.picture_px or (0, 0)
        return max(1.0, width_px * height_px / _PIXELS_1080P)


@dataclass(slots=True)
class WatchedCamera:
    """A camera whose messages this process handles."""

    partition: int
    watch: CameraWatch
    streams: dict[UUID, WatchedStream] = field(default_factory=dict)
    viewed_at: datetime | None = None
    viewed_revision: str | None = None
    """Of the view that was kept last: when it was taken, and under which revision (SHA-256)."""
    in_hand: bool = False
    """A message of it is being handled: its effects are in memory alone."""

    @property
    def size(self) -> float:
        return sum(stream.size for stream in self.streams.values())

    @property
    def written_down(self) -> bool:
        return not self.in_hand and not any(s.unsaved or s.pending for s in self.streams.values())


class WatchedCameras:
    """A cache of the checkpoints: it may be dropped at any time between two messages.

    `streams_in_memory` bounds it, in streams of 1080p, but for what is not written down: while it
    is `full`, each stream has to be written down after each of its segments.
    """

    def __init__(self, streams_in_memory: int) -> None:
        self._streams_in_memory = streams_in_memory
        self._cameras: OrderedDict[str, WatchedCamera] = OrderedDict()

    @property
    def full(self) -> bool:
        """Whether more is held than allowed."""
        return sum(camera.size for camera in self._cameras.values()) > self._streams_in_memory

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
        for name, camera in list(self._cameras.items()):
            if not self.full:
                return
            if camera.written_down:
                del self._cameras[name]
