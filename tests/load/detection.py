"""The cost of observing a camera, next to decoding it."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import format_utc
from payesh.detect.adapters.detectors import Detectors
from payesh.detect.adapters.models import ModelFolder
from payesh.detect.adapters.video import decode_segment
from payesh.detect.evaluation.bench_command import measured
from payesh.local.street.truth import Truth
from payesh.local.street_camera import street_revision
from tests.support.observer_builder import checkpoint_of, stream_observer
from tests.unit.detect.segment_cutter import STARTED_AT, cut

_SEGMENTS = 20


def measure_detection(film: Path) -> dict[str, Any]:
    """CPU of the observer, checkpoints included, and of decoding alone, a camera at 1080p25."""
    truth = Truth.load(film.with_name("truth.json"))
    body = street_revision(truth, STARTED_AT)
    identity = {"camera_id": "bench", "revision": 1, "created_at": format_utc(STARTED_AT)}
    revision = CameraRevision.model_validate_json(json.dumps({**body, **identity}))
    segments = cut(film, revision, stream_id=UUID(int=1))[:_SEGMENTS]
    film_s = sum(segment.event.duration_ms for segment in segments) / 1000

    before = time.process_time()
    frames = sum(1 for s in segments for _ in decode_segment(s.init, s.media))
    decoded_s = time.process_time() - before

    observer = stream_observer(revision)
    before = time.process_time()
    for segment in segments:
        observer.observe_segment(segment.event, segment.init, segment.media)
        if observer.checkpoint_due:
            checkpoint_of(observer)
            observer.checkpointed()
    observed_s = time.process_time() - before
    return {
        "film_s": round(film_s, 1),
        "frames": frames,
        "decode_cpu_s": round(decoded_s, 3),
        "observe_cpu_s": round(observed_s, 3),
        "ratio_to_decode": round(observed_s / decoded_s, 3),
        "cpu_per_camera": round(observed_s / film_s, 3),
        "cpu_per_camera_decode_only": round(decoded_s / film_s, 3),
        "cameras": measured(segments, revision, Detectors(ModelFolder()), (1, 4, 16)),
    }
