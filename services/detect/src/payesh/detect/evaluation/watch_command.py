"""`payesh-detect watch VIDEO --out EVENTS.jsonl`: what the observer would publish of a film."""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import av
from tqdm import tqdm

from payesh.contracts import (
    DetectorHealthChanged,
    Event,
    IncidentObserved,
    PassageObserved,
    TrafficCounted,
    ViolationDetected,
)
from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.event import deterministic_id
from payesh.detect.adapters.detectors import Detectors
from payesh.detect.adapters.models import ModelFolder
from payesh.detect.evaluation.annotated_film import annotate
from payesh.detect.evaluation.film_segments import CutSegment, cut
from payesh.detect.evaluation.stated_camera import UnsuitableCamera, camera_of
from payesh.detect.evaluation.watched_film import FilmWatcher
from payesh.detect.vision.stream_observer import SegmentBroken
from payesh.kit.errors import MessageFault


def watch(arguments: Sequence[str]) -> None:
    """Watch, write, and print what there was. Exits with 2 for what cannot be watched."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        revision = camera_of(given.video, given.camera)
        started_at = given.started_at or revision.created_at
        # Of two cameras' films no passage has the other one's id.
        stream_id = deterministic_id("film", revision.camera_id)
        segments = cut(given.video, revision, stream_id=stream_id, started_at=started_at)
        summary = _watched(given, revision, segments, started_at)
    except (UnsuitableCamera, MessageFault, SegmentBroken, OSError, ValueError) as error:
        parser.error(str(error))
    except av.FFmpegError as error:
        parser.error(f"{given.video}: {error}")
    json.dump(summary, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="payesh-detect watch",
        description="Watch a film of a fixed camera (H.264 or HEVC) with the observer as it runs "
        "in production, and write what it would publish: passages, violations, counts, "
        "incidents and self-checks of its detector, one JSON object a line with its topic. "
        "Prints a summary as JSON.",
    )
    parser.add_argument("video", type=Path)
    parser.add_argument(
        "--camera",
        type=Path,
        metavar="JSON",
        help="the camera's revision, in whole or in part; without it vehicles are counted and "
        "nothing is measured",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="JSONL", help="the events")
    parser.add_argument("--annotated", type=Path, metavar="MP4", help="the film, drawn over")
    parser.add_argument("--shots", type=Path, metavar="FOLDER", help="pictures of the vehicles")
    parser.add_argument(
        "--started-at",
        type=datetime.fromisoformat,
        metavar="TIME",
        help="of the first frame, ISO 8601 with an offset; the revision's if not given",
    )
    parser.add_argument("--models-folder", type=Path, help="where models are looked for by name")
    return parser


def _watched(
    given: argparse.Namespace,
    revision: CameraRevision,
    segments: Sequence[CutSegment],
    started_at: datetime,
) -> dict[str, Any]:
    watcher = FilmWatcher(revision, Detectors(ModelFolder(given.models_folder)), given.shots)
    events: list[Event] = []
    began_s = time.perf_counter()
    with (
        given.out.open("w", encoding="utf-8") as file,
        tqdm(total=len(segments), unit="segment", disable=not sys.stderr.isatty()) as progress,
    ):
        for found in watcher.watch(segments):
            for each in found:
                line = {"topic": each.topic, **json.loads(each.to_json())}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            events += found
            progress.update()
    took_s = time.perf_counter() - began_s
    if given.annotated is not None:
        ways = watcher.trajectories()
        frames = annotate(given.video, given.annotated, revision, ways, events, started_at)
        for _ in tqdm(frames, unit="frame", desc="drawing", disable=not sys.stderr.isatty()):
            pass
    film_s = sum(each.event.duration_ms for each in segments) / 1000
    return {
        "film_s": round(film_s, 3),
        "frames": sum(each.event.frame_count for each in segments),
        "frames_looked_at": watcher.frames,
        "watched_in_s": round(took_s, 3),
        "times_real_time": round(film_s / took_s, 2),
        **summary(events),
    }


def summary(events: Sequence[Event]) -> dict[str, Any]:
    """Passages by class, what was counted by lane and class, speeds, violations, incidents
    and self-checks that were raised."""
    passages = [each for each in events if isinstance(each, PassageObserved)]
    speeds = [each.speed for each in passages if each.speed is not None]
    counted: dict[str, Counter[str]] = {}
    for interval in events:
        if isinstance(interval, TrafficCounted):
            for count in interval.counts:
                lane = counted.setdefault(count.lane or "", Counter())
                lane[str(count.vehicle_class)] += count.vehicles
    rules = Counter(str(each.rule) for each in events if isinstance(each, ViolationDetected))
    raised = [e for e in events if isinstance(e, IncidentObserved) and e.ended_at is None]
    checks = [e for e in events if isinstance(e, DetectorHealthChanged) and e.raised]
    return {
        "passages": len(passages),
        "by_class": dict(Counter(str(each.vehicle.vehicle_class) for each in passages)),
        "counted": sum(sum(lane.values()) for lane in counted.values()),
        "counted_by_lane": {lane: dict(found) for lane, found in sorted(counted.items())},
        "speeds": len(speeds),
        "violations": dict(rules),
        "incidents": dict(Counter(str(each.incident) for each in raised)),
        "conditions": dict(Counter(str(each.condition) for each in checks)),
    }
