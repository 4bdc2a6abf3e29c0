"""`python -m tests.load.lawful_traffic CLIPS`: an hour of real, lawful traffic, every rule armed.

Loops the clips of each camera in `lawful_traffic.json` and watches them as `payesh-detect watch`
does. Prints JSON: per camera how long it was watched, passages, the rules that its marks arm, and
violations, of which there must be none. At each seam of a loop every vehicle vanishes and others
appear, which no real camera shows, and no rule may take for a manoeuvre.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import av
from av.video.stream import VideoStream

from payesh.contracts import Event, PassageObserved, ViolationDetected
from payesh.contracts.camera_revision import CameraRevision
from payesh.detect.adapters.detectors import Detectors
from payesh.detect.adapters.models import ModelFolder
from payesh.detect.domain.rules.registry import armed
from payesh.detect.evaluation.film_segments import cut
from payesh.detect.evaluation.stated_camera import camera_of
from payesh.detect.evaluation.watched_film import FilmWatcher
from payesh.detect.vision.scenes import scene_of

MARKS = Path(__file__).with_suffix(".json")
_TIME_BASE = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class MarkedClips:
    """Clips of one camera, in order, and the part of its revision that arms the rules."""

    name: str
    clips: tuple[Path, ...]
    camera: dict[str, Any]


def main() -> None:
    """Exits with 1 when a lawful vehicle is accused."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("clips", type=Path, help="the folder of the clips")
    parser.add_argument("--minutes", type=float, default=60.0, help="of film, over all cameras")
    parser.add_argument("--only", action="append", metavar="NAME", help="cameras, by their names")
    parser.add_argument("--events", type=Path, metavar="FOLDER", help="for the violations")
    given = parser.parse_args()
    marked = json.loads(MARKS.read_text("utf-8"))
    cameras = [
        MarkedClips(
            each["name"], tuple(given.clips / clip for clip in each["clips"]), each["camera"]
        )
        for each in marked["cameras"]
        if not given.only or each["name"] in given.only
    ]
    found: dict[str, Any] = {}
    for each in cameras:
        events, found[each.name] = watched(each, 60.0 * given.minutes / len(cameras))
        sys.stderr.write(f"{each.name}: {json.dumps(found[each.name])}\n")
        if given.events is not None:
            _write(given.events / f"{each.name}.jsonl", events)
    violations: Counter[str] = Counter()
    for row in found.values():
        violations.update(row["violations"])
    report = {
        "minutes": round(sum(row["film_s"] for row in found.values()) / 60, 1),
        "passages": sum(row["passages"] for row in found.values()),
        "violations": dict(violations),
        "cameras": found,
        "left_out": marked["left_out"],
    }
    sys.stdout.write(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    raise SystemExit(1 if violations else 0)


def watched(marked: MarkedClips, least_s: float) -> tuple[list[Event], dict[str, Any]]:
    """Everything that is published of a camera's clips, looped for at least so long, and a summary.

    Raises UnsuitableCamera, MessageFault, SegmentBroken, OSError, av.FFmpegError.
    """
    with tempfile.TemporaryDirectory(prefix="payesh-loop-") as folder:
        film, marks = Path(folder) / "film.mp4", Path(folder) / "camera.json"
        marks.write_text(json.dumps(marked.camera), "utf-8")
        loops = loop(marked.clips, film, least_s)
        revision = camera_of(film, marks)
        segments = cut(film, revision, stream_id=UUID(int=1), started_at=revision.created_at)
    watcher = FilmWatcher(revision, Detectors(ModelFolder()))
    began_s = time.perf_counter()
    events = [event for published in watcher.watch(segments) for event in published]
    violations = [each for each in events if isinstance(each, ViolationDetected)]
    return events, {
        "film_s": round(sum(each.event.duration_ms for each in segments) / 1000, 1),
        "loops": loops,
        "watched_in_s": round(time.perf_counter() - began_s, 1),
        "passages": sum(isinstance(each, PassageObserved) for each in events),
        "rules": rules_of(revision),
        "violations": dict(Counter(str(each.rule) for each in violations)),
    }


def rules_of(revision: CameraRevision) -> list[str]:
    """The rules that the marks arm."""
    return [kind.name for kind in armed(scene_of(revision))]


def loop(clips: Sequence[Path], film: Path, least_s: float) -> int:
    """Write the clips one after the other, again and again without decoding, until they last
    `least_s`; returns how often. They share size, codec and parameter sets."""
    loops, at, target, parameters = 0, 0, None, None
    with av.open(str(film), "w") as out:
        while at * _TIME_BASE < least_s:
            for clip in clips:
                with av.open(str(clip)) as source:
                    stream = source.streams.video[0]
                    if target is None:
                        target = out.add_stream_from_template(stream)
                        target.time_base = _TIME_BASE
                        parameters = stream.codec_context.extradata
                    if stream.codec_context.extradata != parameters:
                        raise ValueError(f"{clip.name} was encoded with other parameter sets")
                    at = _append(source, stream, out, target, at)
            loops += 1
    return loops


def _append(
    source: av.container.InputContainer,
    stream: VideoStream,
    out: av.container.OutputContainer,
    target: VideoStream,
    at: int,
) -> int:
    """Copy a clip's packets from this moment on; returns when it ends, in `_TIME_BASE`."""
    ends, first = at, None
    for packet in source.demux(stream):
        if packet.pts is None or packet.dts is None or packet.time_base is None:
            continue
        scale = packet.time_base / _TIME_BASE
        if first is None:
            first = round(packet.dts * scale)
        packet.pts = at + round(packet.pts * scale) - first
        packet.dts = at + round(packet.dts * scale) - first
        packet.duration = round((packet.duration or 0) * scale)
        packet.time_base, packet.stream = _TIME_BASE, target
        ends = max(ends, packet.dts + packet.duration)
        out.mux(packet)
    return ends


def _write(path: Path, events: Sequence[Event]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    violations = [each for each in events if isinstance(each, ViolationDetected)]
    path.write_bytes(b"".join(each.to_json() + b"\n" for each in violations))


if __name__ == "__main__":
    main()
