"""A stream observer on the adapters that the observer process gives it."""

from collections.abc import Mapping

from payesh.contracts.camera_revision import CameraRevision
from payesh.detect.adapters.checkpoint import read_checkpoint, write_checkpoint
from payesh.detect.adapters.motion_detector import MotionDetector
from payesh.detect.adapters.tracker import VehicleTracker
from payesh.detect.adapters.video import StreamDecoder
from payesh.detect.ports import Detector
from payesh.detect.vision.stream_memory import Recalled, parts_of, recall
from payesh.detect.vision.stream_observer import StreamObserver


def stream_observer(revision: CameraRevision, detector: Detector | None = None) -> StreamObserver:
    """Of a stream that begins; with a motion detector if none is given."""
    return StreamObserver(
        revision,
        detector or MotionDetector(),
        new_decoder=StreamDecoder,
        new_tracker=VehicleTracker,
    )


def checkpoint_of(observer: StreamObserver) -> bytes:
    """The observer's state as an archive."""
    return write_checkpoint(parts_of(observer))


def recalled_observer(
    archive: bytes, revision: CameraRevision, detector: Detector | None = None
) -> tuple[StreamObserver, Recalled]:
    """An observer that continues from an archive, and what became of its parts."""
    observer = stream_observer(revision, detector)
    return observer, recall(observer, read_checkpoint(archive))


def caught_up(observer: StreamObserver, stored: Mapping[str, bytes]) -> StreamObserver:
    """The same observer with its decoder put back; `stored` has bodies by their hash."""
    for init, media in observer.decoding.behind:
        observer.decoding.catch_up(stored[init.sha256], stored[media.sha256])
    return observer
