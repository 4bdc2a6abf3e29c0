"""A real clip over RTSP: it becomes passages and counts like any camera's stream."""

import asyncio
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
from rich.console import Console
from rich.live import Live

from payesh.contracts import PassageObserved, SegmentStored
from payesh.local.operator import Operator
from payesh.local.progress_view import demo_table
from payesh.local.run_record import is_settled, record
from payesh.local.street_camera import CameraProcess

_SETTLE_TIMEOUT_S = 60.0
_QUIET_S = 8.0


def clip_revision(path: Path) -> dict[str, Any]:
    """An uncalibrated camera: it counts vehicles, it measures no speed and cites nobody."""
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
    """Stream one clip once; answers passages by class, segments and seconds stored."""
    name = "".join(c if c.isalnum() else "-" for c in path.stem.lower())
    camera_id = f"{run_name}-{name}"[:64]
    with av.open(str(path)) as container:
        duration_s = float(container.duration or 0) / 1_000_000
    with tempfile.TemporaryDirectory(prefix="payesh-clip-") as folder:
        camera = CameraProcess(Path(folder), path)
        await camera.start()
        try:
            async with Operator(urls) as operator, record(urls["kafka_bootstrap"]) as tap:
                await operator.create_camera(camera_id, clip_revision(path), camera.source)
                loop = asyncio.get_running_loop()
                deadline = loop.time() + duration_s + _SETTLE_TIMEOUT_S
                quiet_since, seen = loop.time(), -1
                with Live(console=console, refresh_per_second=4, transient=True) as live:
                    while loop.time() < deadline:
                        started_at = camera.started_at() or datetime.now(UTC)
                        elapsed = (datetime.now(UTC) - started_at).total_seconds()
                        live.update(demo_table(tap, None, min(elapsed, duration_s), duration_s))
                        count = sum(len(events) for events in tap.heard.values())
                        if count != seen:
                            seen, quiet_since = count, loop.time()
                        over = elapsed > duration_s + 2 and loop.time() - quiet_since > _QUIET_S
                        if over and is_settled(tap):
                            break
                        await asyncio.sleep(0.25)
                # The camera is switched off: what it is still seen to show ends as lost.
                await operator.request(
                    "PATCH", "ingest", f"/v1/cameras/{camera_id}", json={"enabled": False}
                )
                passages = [p for p in tap.events(PassageObserved) if p.camera_id == camera_id]
                segments = [s for s in tap.events(SegmentStored) if s.camera_id == camera_id]
        finally:
            await camera.stop()
    return {
        "passages": len(passages),
        "by_class": dict(Counter(str(p.vehicle.vehicle_class) for p in passages)),
        "segments": len(segments),
        "seconds_stored": round(sum(s.duration_ms for s in segments) / 1000, 2),
        "seconds_of_film": round(duration_s, 2),
        "frames_stored": sum(s.frame_count for s in segments),
    }
