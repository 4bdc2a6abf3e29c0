"""A clip streamed over RTSP as a camera, and what the services make of it."""

import asyncio
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
from rich.console import Console
from rich.live import Live

from payesh.contracts import PassageObserved, PlateRead, SegmentStored, TrafficCounted
from payesh.local.bus_tap import BusTap
from payesh.local.operator import Operator
from payesh.local.progress_view import ShownFilm, progress_table
from payesh.local.run_record import events_of, is_observed, record
from payesh.local.street_camera import CameraProcess

_START_TIMEOUT_S = 40.0
_SETTLE_TIMEOUT_S = 60.0


def clip_revision(path: Path) -> dict[str, Any]:
    """An uncalibrated camera: vehicles are counted, no speed is measured, no citation follows."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        width_px, height_px = stream.width, stream.height
    return {
        "name": path.stem,
        "county": "semnan",
        "road_class": "main_arterial",
        "place_class": "A",
        "location": {"latitude": 35.577, "longitude": 53.395},
        "source_kind": "rtsp",
        "width_px": width_px,
        "height_px": height_px,
        "speed_limit_kmh": None,
        "detection": {"kind": "onnx", "model": None},
        "calibration": None,
        "zone": None,
        "certificate": None,
    }


async def replay_video(
    urls: dict[str, Any], path: Path, console: Console, run_name: str
) -> dict[str, Any]:
    """Stream one clip once; returns passages by class, counts, segments and seconds stored.

    Raises TimeoutError when events are missing a minute after its end.
    """
    name = "".join(c if c.isalnum() else "-" for c in path.stem.lower())
    camera_id = f"{run_name}-{name}"[:64]
    with av.open(str(path)) as container:
        duration_s = float(container.duration or 0) / 1_000_000
    with tempfile.TemporaryDirectory(prefix="payesh-clip-") as folder:
        camera = CameraProcess(Path(folder), path)
        await camera.start()
        try:
            async with (
                Operator(urls) as operator,
                record(urls["kafka_bootstrap"], TrafficCounted) as tap,
            ):
                await operator.create_camera(camera_id, clip_revision(path), camera.source)
                with Live(console=console, refresh_per_second=4, transient=True) as live:
                    async with asyncio.timeout(duration_s + _START_TIMEOUT_S):
                        while (elapsed := _elapsed_s(camera)) < duration_s + 1.0:
                            shown = ShownFilm(
                                "film", camera_id, None, min(elapsed, duration_s), duration_s
                            )
                            live.update(progress_table(tap, [shown]))
                            await asyncio.sleep(0.25)
                # Disabled, its stream ends, and with it every track.
                await operator.disable_camera(camera_id)
                async with asyncio.timeout(_SETTLE_TIMEOUT_S):
                    while not _is_complete(tap, camera_id):  # noqa: ASYNC110 - others' work
                        await asyncio.sleep(0.25)
                return _summary(tap, camera_id, duration_s)
        finally:
            await camera.stop()


def _elapsed_s(camera: CameraProcess) -> float:
    started_at = camera.started_at()
    return (datetime.now(UTC) - started_at).total_seconds() if started_at else 0.0


def _is_complete(tap: BusTap, camera_id: str) -> bool:
    """Whether the stream was observed to its end, and every passage has its read."""
    read = {read.passage_id for read in tap.events(PlateRead)}
    return is_observed(tap, camera_id) and all(
        passage.passage_id in read for passage in events_of(tap, PassageObserved, camera_id)
    )


def _summary(tap: BusTap, camera_id: str, duration_s: float) -> dict[str, Any]:
    passages = events_of(tap, PassageObserved, camera_id)
    segments = events_of(tap, SegmentStored, camera_id)
    counts = events_of(tap, TrafficCounted, camera_id)
    return {
        "passages": len(passages),
        "by_class": dict(Counter(str(p.vehicle.vehicle_class) for p in passages)),
        "counted": sum(each.vehicles for interval in counts for each in interval.counts),
        "segments": len(segments),
        "seconds_stored": round(sum(s.duration_ms for s in segments) / 1000, 2),
        "seconds_of_film": round(duration_s, 2),
        "frames_stored": sum(s.frame_count for s in segments),
    }
