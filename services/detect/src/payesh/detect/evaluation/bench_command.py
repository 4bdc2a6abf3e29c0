"""`payesh-detect bench FILM`: what watching costs beside decoding alone, from 1 to 16 cameras."""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import cv2
from tqdm import tqdm

from payesh.contracts.camera_revision import CameraRevision, Detection
from payesh.contracts.vocabulary import DetectorKind
from payesh.detect.adapters.checkpoint import write_checkpoint
from payesh.detect.adapters.detectors import Detectors
from payesh.detect.adapters.models import ModelFolder
from payesh.detect.adapters.video import StreamDecoder
from payesh.detect.evaluation.film_segments import CutSegment, cut
from payesh.detect.evaluation.observed_film import new_observer
from payesh.detect.evaluation.stated_camera import UnsuitableCamera, camera_of
from payesh.detect.vision.stream_memory import parts_of
from payesh.detect.vision.stream_observer import StreamObserver
from payesh.kit.errors import MessageFault

ANALYSED_HZ = 8.0
_STREAM = UUID(int=1)
_MIB = 1024 * 1024


def bench(arguments: Sequence[str]) -> None:
    """Measure and print. Exits with 2 for what cannot be watched."""
    parser = argparse.ArgumentParser(
        prog="payesh-detect bench",
        description="Decode a film, then watch it by change against the background and by the "
        f"network at {ANALYSED_HZ:g} frames a second, everywhere and where something has changed, "
        "all in one run. Prints JSON: cores a camera, the ratio to decoding alone, and memory a "
        "camera, for each number of cameras.",
    )
    parser.add_argument("film", type=Path, help="H.264 or HEVC of a fixed camera")
    parser.add_argument("--camera", type=Path, metavar="JSON", help="the camera's revision")
    parser.add_argument("--cameras", type=int, nargs="+", default=[1, 4, 16], metavar="N")
    parser.add_argument("--segments", type=int, default=10, help="of two seconds, from the start")
    parser.add_argument("--models-folder", type=Path, help="where models are looked for by name")
    given = parser.parse_args(arguments)
    try:
        revision = camera_of(given.film, given.camera)
        segments = cut(given.film, revision, stream_id=_STREAM, started_at=revision.created_at)[
            : given.segments
        ]
        report = measured(
            segments, revision, Detectors(ModelFolder(given.models_folder)), given.cameras
        )
    except (UnsuitableCamera, MessageFault, OSError, ValueError) as error:
        parser.error(str(error))
    except av.FFmpegError as error:
        parser.error(f"{given.film}: {error}")
    json.dump(report, sys.stdout, indent=1)
    sys.stdout.write("\n")


def measured(
    segments: Sequence[CutSegment],
    revision: CameraRevision,
    detectors: Detectors,
    cameras: Sequence[int],
) -> dict[str, Any]:
    """Processor time of this process, in cores a camera: seconds of it a second of film. Each
    number of cameras is watched by as many threads as there are cores."""
    cv2.setNumThreads(1)
    film_s = sum(each.event.duration_ms for each in segments) / 1000
    frames = sum(each.event.frame_count for each in segments)
    stride = max(1, round(frames / film_s / ANALYSED_HZ))
    ways = {
        "motion": Detection(kind=DetectorKind.MOTION),
        "network": Detection(
            kind=DetectorKind.ONNX,
            model=revision.detection.model,
            frame_stride=stride,
        ),
        "gated": Detection(
            kind=DetectorKind.GATED, model=revision.detection.model, frame_stride=stride
        ),
    }
    decoded_s = _decoded(segments)
    report: dict[str, Any] = {
        "film_s": round(film_s, 1),
        "frames": frames,
        "decode_only": round(decoded_s / film_s, 4),
    }
    steps = tqdm(
        total=len(ways) * len(cameras), unit="run", disable=not sys.stderr.isatty(), file=sys.stderr
    )
    for name, detection in ways.items():
        watched = revision.model_copy(update={"detection": detection})
        report[name] = {"frame_stride": detection.frame_stride}
        for number in cameras:
            spent_s, held_mib = _watched(segments, watched, detectors, number)
            report[name][str(number)] = {
                "cores_a_camera": round(spent_s / film_s / number, 4),
                "ratio_to_decode": round(spent_s / number / decoded_s, 3),
                "memory_mib_a_camera": round(held_mib / number, 1),
            }
            steps.update()
    steps.close()
    return report


def _decoded(segments: Sequence[CutSegment]) -> float:
    """Seconds of the processor for decoding the film once, without anything else."""
    decoder = StreamDecoder()
    decoder.open(segments[0].init)
    before = time.process_time()
    for each in segments:
        for _ in decoder.decode(each.media).frames:
            pass
    for _ in decoder.drain():
        pass
    return time.process_time() - before


def _watched(
    segments: Sequence[CutSegment], revision: CameraRevision, detectors: Detectors, cameras: int
) -> tuple[float, float]:
    """Seconds of the processor, checkpoints included, and MiB that the cameras hold in the end."""
    detectors.for_stream(revision)  # a network is loaded once for all
    memory = _resident_bytes()
    observers = [new_observer(revision, detectors.for_stream(revision)[0]) for _ in range(cameras)]
    before = time.process_time()
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        for segment in segments:  # as they come in: the same moment of all cameras
            list(threads.map(lambda observer, s=segment: _observe(observer, s), observers))
    spent_s = time.process_time() - before
    return spent_s, max(0.0, (_resident_bytes() - memory) / _MIB)


def _observe(observer: StreamObserver, segment: CutSegment) -> None:
    observer.observe_segment(segment.event, segment.init, segment.media)
    if observer.checkpoint_due:
        write_checkpoint(parts_of(observer))
        observer.checkpointed()


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
