"""Cameras as they are: every codec, group of pictures and way in, from the film to the speed.

`python -m tests.load.cameras` prints a JSON table on standard output: for each combination the
frames that were looked at of those that were sent, the true speeds that lie inside the stated
bound, and violations of vehicles that broke no limit. It takes about half an hour.
"""

import argparse
import hashlib
import itertools
import json
import logging
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import cv2
import structlog

from payesh.contracts.ingest import SegmentStored, VideoFormat
from payesh.contracts.values import ClockSource, ObjectReference
from payesh.detect.adapters.motion_detector import MotionDetector
from payesh.detect.domain.detections import Detections
from payesh.detect.frames import Frame
from payesh.detect.vision.observations import ObservedPassage, ObservedViolation
from payesh.ingest.adapters.spool_records import SegmentRecord
from payesh.ingest.adapters.video_file import FileSegments
from payesh.kit.errors import MessageFault
from payesh.local.camera.clip import load_clip
from tests.support.observer_builder import stream_observer
from tests.unit.detect.box_street import FPS, BoxCar, box_revision, render
from tests.unit.detect.encoded_again import encoded_again
from tests.unit.detect.segment_cutter import STARTED_AT, revision_reference
from tests.unit.ingest.builders import CAMERA
from tests.unit.ingest.live_camera import record

LIMIT_KMH = 60.0
FILM_S = 44.0
CARS = [
    BoxCar(x_m=lane, speed_kmh=speed, exits_at_s=exits, colour=colour)
    for lane, speed, exits, colour in (
        (-2.0, 48.0, 7.0, (230, 230, 235)),
        (2.0, 83.0, 9.0, (40, 60, 200)),
        (2.0, 59.0, 14.0, (40, 200, 220)),
        (-2.0, 71.0, 16.0, (230, 230, 235)),
        (-2.0, 57.0, 22.0, (90, 160, 60)),
        (2.0, 95.0, 24.0, (230, 230, 235)),
        (2.0, 52.0, 30.0, (40, 60, 200)),
        (-2.0, 66.0, 33.0, (40, 200, 220)),
        (2.0, 78.0, 38.0, (230, 230, 235)),
        (-2.0, 45.0, 41.0, (60, 60, 190)),
    )
]
CODECS = ("libx264", "libx265")
GROUPS_S = (0.5, 2.0, 40.0)
WAYS = ("mp4", "mkv", "ts", "rtsp")
_FORMATS = {"mp4": "mp4", "mkv": "matroska", "ts": "mpegts"}
_MATCH = 0.08


@dataclass(frozen=True, slots=True)
class Camera:
    codec: str
    open_gop: bool
    b_frames: int
    gop_s: float
    way: str

    @property
    def name(self) -> str:
        gop = "open" if self.open_gop else "closed"
        return f"{self.codec}-{gop}-{self.b_frames}b-{self.gop_s:g}s"


@dataclass(frozen=True, slots=True)
class Result:
    """`inside` of `vehicles` have a speed whose bound holds the true one; `unmeasured` have none,
    `outside` a wrong one."""

    frames_sent: int
    frames_seen: int
    dead_letters: int
    vehicles: int
    inside: int
    outside: int
    unmeasured: int
    false_violations: int


class Counting(MotionDetector):
    """Counts the frames that it is shown."""

    frames_seen = 0

    def detect(self, frame: Frame) -> Detections:
        self.frames_seen += 1
        return super().detect(frame)


Stored = tuple[SegmentStored, bytes, bytes]


def uploaded(video: Path) -> Iterator[Stored]:
    """What the file door makes of it."""
    for number, part in enumerate(FileSegments(video, shortest_s=1.9).fragments()):
        event = stored_event(
            part.stream.init,
            part.fragment.media,
            stream_id=UUID(int=part.stream.ordinal + 1),
            sequence=number,
            captured_at=STARTED_AT + timedelta(seconds=part.start_s),
            duration_ms=round(1000 * (part.end_s - part.start_s)),
            frame_count=part.fragment.frame_count,
            last_in_stream=part.last,
            keyframe_first=part.fragment.keyframe_first,
        )
        yield event, part.stream.init, part.fragment.media


def recorded(video: Path, folder: Path) -> list[Stored]:
    """What the recorder makes of a camera that shows it."""
    spool = record(folder, load_clip(video), at_most_s=FILM_S + 15.0).spool
    found: list[Stored] = []
    for item in spool.items(CAMERA):
        segment = item.record
        if not isinstance(segment, SegmentRecord) or item.media_path is None:
            continue
        init, media = spool.init(CAMERA, segment.stream_id), item.media_path.read_bytes()
        event = stored_event(
            init,
            media,
            stream_id=segment.stream_id,
            sequence=segment.sequence,
            captured_at=segment.captured_at,
            duration_ms=segment.duration_ms,
            presented_ms=segment.presented_ms,
            frame_count=segment.frame_count,
            last_in_stream=segment.last_in_stream,
            keyframe_first=segment.keyframe_first,
        )
        found.append((event, init, media))
    return found


def stored_event(init: bytes, media: bytes, **fields: Any) -> SegmentStored:
    revision = box_revision()
    return SegmentStored(
        camera_id=revision.camera_id,
        county=revision.county,
        road_class=revision.road_class,
        place_class=revision.place_class,
        clock_source=ClockSource.RTCP,
        clock_u95_ms=100.0,
        revision=revision_reference(revision),
        fencing_token=1,
        repaired_timestamps=0,
        video=VideoFormat(codec="h264", width_px=640, height_px=360),
        init=_reference(init),
        media=_reference(media),
        previous_link_sha256=None,
        link_sha256=hashlib.sha256(media).hexdigest(),
        **fields,
    )


def _reference(body: bytes) -> ObjectReference:
    sha256 = hashlib.sha256(body).hexdigest()
    return ObjectReference(
        bucket="segments",
        key=sha256,
        version_id=None,
        sha256=sha256,
        size_bytes=len(body),
        media_type="video/mp4",
    )


def judged(segments: list[Stored], frames_sent: int) -> Result:
    """The segments of one camera, observed; a stream has an observer of its own."""
    seen = dead = 0
    found: list[Any] = []
    for _, stream in itertools.groupby(segments, lambda stored: stored[0].stream_id):
        detector = Counting()
        observer = stream_observer(box_revision(speed_limit_kmh=LIMIT_KMH), detector)
        for event, init, media in stream:
            try:
                found += observer.observe_segment(event, init, media)
            except MessageFault:
                dead += 1
        seen += detector.frames_seen
    passages = [each for each in found if isinstance(each, ObservedPassage)]
    true_of = {p.passage_id: _true_kmh(p) for p in passages}
    speeds = [(p.speed, true_of[p.passage_id]) for p in passages if p.speed is not None]
    inside = sum(
        true is not None and abs(s.speed_kmh - true) <= s.speed_u95_kmh for s, true in speeds
    )
    false = [
        each
        for each in found
        if isinstance(each, ObservedViolation) and (true_of[each.passage_id] or 0.0) <= LIMIT_KMH
    ]
    return Result(
        frames_sent,
        seen,
        dead,
        len(CARS),
        inside,
        len(speeds) - inside,
        len(CARS) - len(speeds),
        len(false),
    )


def _true_kmh(passage: ObservedPassage) -> float | None:
    """The true speed that is nearest, in the passage's lane."""
    if passage.speed is None:
        return None
    measured_kmh = passage.speed.speed_kmh
    speeds = [car.speed_kmh for car in CARS if (car.x_m < 0) == (passage.lane == "1")]
    nearest = min(speeds, key=lambda speed: abs(speed - measured_kmh))
    return nearest if abs(nearest - measured_kmh) <= _MATCH * nearest else None


def in_container(video: Path, way: str) -> Path:
    to = video.with_suffix(f".{way}")
    with av.open(str(video)) as source, av.open(str(to), "w", format=_FORMATS[way]) as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copied
                target.mux(packet)
    return to


def measured(camera: Camera, film: Path, folder: Path) -> dict[str, Any]:
    sent = folder / f"{camera.name}.mp4"
    try:
        if not sent.exists():
            encoded_again(
                film,
                sent,
                codec=camera.codec,
                gop=round(camera.gop_s * FPS),
                b_frames=camera.b_frames,
                open_gop=camera.open_gop,
            )
        if camera.way == "rtsp":
            spool = folder / f"{camera.name}.spool"
            spool.mkdir()
            segments = recorded(sent, spool)
        else:
            way = sent if camera.way == "mp4" else in_container(sent, camera.way)
            segments = list(uploaded(way))
        return {**asdict(camera), **asdict(judged(segments, round(FILM_S * FPS)))}
    except Exception as error:
        return {**asdict(camera), "fault": f"{type(error).__name__}: {error}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ways", nargs="*", metavar="|".join(WAYS), help="all by default")
    parser.add_argument("--at-a-time", type=int, default=4, help="cameras of one codec setting")
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    cv2.setNumThreads(1)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(chosen.at_a_time) as pool:
        folder = Path(scratch)
        film = render(folder / "film.mp4", CARS, FILM_S)
        for way in chosen.ways or WAYS:
            cameras = [
                Camera(codec, open_gop, b_frames, gop_s, way)
                for codec in CODECS
                for open_gop in (False, True)
                for b_frames in (0, 1, 3)
                for gop_s in GROUPS_S
            ]
            for row in pool.map(lambda camera: measured(camera, film, folder), cameras):
                rows.append(row)
                sys.stderr.write(json.dumps(row) + "\n")
    whole = [row for row in rows if "fault" not in row]
    speeds = sum(row["vehicles"] for row in whole)
    table = {
        "rows": rows,
        "faults": len(rows) - len(whole),
        "speeds_inside": sum(row["inside"] for row in whole) / max(speeds, 1),
        "least_frames_seen": min((r["frames_seen"] / r["frames_sent"] for r in whole), default=0),
        "false_violations": sum(row["false_violations"] for row in whole),
    }
    sys.stdout.write(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
