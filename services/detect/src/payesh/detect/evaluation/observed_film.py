"""A film watched by the observer as it runs in production: decoder, detector, tracker and rules."""

from collections.abc import Iterator
from uuid import UUID

import cv2

from payesh.contracts.camera_revision import CameraRevision
from payesh.detect.adapters.detectors import Detectors
from payesh.detect.adapters.models import ModelFolder
from payesh.detect.adapters.tracker import VehicleTracker
from payesh.detect.adapters.video import StreamDecoder
from payesh.detect.evaluation.film_segments import cut
from payesh.detect.evaluation.rule_films import RuleFilm
from payesh.detect.ports import Detector
from payesh.detect.vision.observations import Observation
from payesh.detect.vision.stream_observer import StreamObserver

_STREAM = UUID(int=1)
SEGMENT_S = 4.0
"""As long as `ingest` makes them where keyframes allow."""


def observed(film: RuleFilm, models: ModelFolder) -> Iterator[Observation]:
    """What the observer concludes from a film, segment by segment.

    Raises OSError, and MessageFault where the model that the revision asks for is missing.
    """
    cv2.setNumThreads(1)
    detector, _ = Detectors(models).for_stream(film.revision)
    observer = new_observer(film.revision, detector)
    segments = cut(
        film.video,
        film.revision,
        stream_id=_STREAM,
        started_at=film.first_frame_at,
        segment_s=SEGMENT_S,
    )
    for segment in segments:
        yield from observer.observe_segment(segment.event, segment.init, segment.media)


def new_observer(revision: CameraRevision, detector: Detector) -> StreamObserver:
    """An observer of a stream that begins, with the adapters of the observer process."""
    return StreamObserver(revision, detector, new_decoder=StreamDecoder, new_tracker=VehicleTracker)
