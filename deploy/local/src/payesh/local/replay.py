"""Photographs sent through the running services over the API that cameras use, and scored."""

import asyncio
import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.progress import Progress

from payesh.contracts import PassageObserved, PlateRead, SnapshotStored
from payesh.local.bus_tap import BusTap
from payesh.local.operator import Operator
from payesh.local.run_record import is_settled, record

_AT_ONCE = 4
_SETTLE_TIMEOUT_S = 300.0
_QUIET_S = 5.0
FOUND_IOU = 0.3
"""A located plate counts as found from this overlap: hand-drawn boxes differ by a margin."""

Rectangle = tuple[float, float, float, float]
"""x, y, width, height; here as fractions of the image."""


@dataclass
class SceneFigures:
    """One kind of photograph: plates in truth, found, transcribed, read exactly."""

    photos: int = 0
    photos_refused: int = 0
    plates: int = 0
    found: int = 0
    transcribed: int = 0
    read_exactly: int = 0
    passages: int = 0
    wrong_examples: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            **{name: value for name, value in asdict(self).items() if name != "wrong_examples"},
            "found_share": round(self.found / self.plates, 4) if self.plates else None,
            "read_exactly_share": (
                round(self.read_exactly / self.transcribed, 4) if self.transcribed else None
            ),
        }


def snapshot_revision(name: str) -> dict[str, Any]:
    """A still camera without calibration or certificate: its plates are read, nothing is cited."""
    return {
        "name": name,
        "county": "semnan",
        "road_class": "main_arterial",
        "place_class": "A",
        "location": {"latitude": 35.577, "longitude": 53.395},
        "source_kind": "snapshots",
        "width_px": None,
        "height_px": None,
        "speed_limit_kmh": None,
        "detection": {"kind": "onnx", "model": None},
        "calibration": None,
        "zone": None,
        "certificate": None,
    }


async def replay_photos(
    urls: dict[str, Any], listing: Path, console: Console, run_name: str
) -> dict[str, Any]:
    """Post every photograph of a JSON-lines listing as a still; figures a scene.

    A line is {"file", "scene", "plates": [{"box_xywh_norm": centre x, centre y, width, height,
    "text"}]}; files are beside the listing or in `photos/`.
    """
    photos = [json.loads(line) for line in listing.read_text("utf-8").splitlines() if line.strip()]
    figures: dict[str, SceneFigures] = defaultdict(SceneFigures)
    async with Operator(urls) as operator, record(urls["kafka_bootstrap"]) as tap:
        for scene in sorted({photo["scene"] for photo in photos}):
            camera_id = _camera_id(run_name, scene)
            await operator.create_camera(camera_id, snapshot_revision(f"عکس‌ها، {scene}"), None)
        with Progress(console=console, transient=True) as progress:
            posting = progress.add_task("photographs posted", total=len(photos))
            limit = asyncio.Semaphore(_AT_ONCE)

            async def post(photo: dict[str, Any]) -> tuple[UUID, int] | None:
                async with limit:
                    path = _find(listing, photo["file"])
                    image = await asyncio.to_thread(path.read_bytes)
                    try:
                        stored = await operator.post_snapshot(
                            _camera_id(run_name, photo["scene"]),
                            image,
                            "image/png" if path.suffix == ".png" else "image/jpeg",
                            datetime.now(UTC),  # nothing is accepted from before the registration
                        )
                    finally:
                        progress.advance(posting)
                    return UUID(stored["stream_id"]), int(stored["sequence"])

            places = await asyncio.gather(
                *(post(photo) for photo in photos), return_exceptions=True
            )
            stills = {p for p in places if isinstance(p, tuple)}
            reading = progress.add_task("stills read", total=len(stills))
            await _settle(tap, stills, lambda n: progress.update(reading, completed=n))
        by_still: dict[tuple[UUID, int], list[PassageObserved]] = defaultdict(list)
        for passage in tap.events(PassageObserved):
            for still in {(shot.stream_id, shot.sequence) for shot in passage.shots}:
                by_still[still].append(passage)
        reads = {read.passage_id: read for read in tap.events(PlateRead)}
        events = {(s.stream_id, s.sequence): s for s in tap.events(SnapshotStored)}
        for photo, place in zip(photos, places, strict=True):
            scene_figures = figures[photo["scene"]]
            scene_figures.photos += 1
            if not isinstance(place, tuple):
                scene_figures.photos_refused += 1
                console.print(f"{photo['file']}: {place}")
                continue
            _score(scene_figures, photo, events[place], by_still[place], reads)
    return {scene: found.as_dict() for scene, found in sorted(figures.items())}


def _camera_id(run_name: str, scene: str) -> str:
    return f"{run_name}-{scene.replace('_', '-')}"


def _find(listing: Path, name: str) -> Path:
    for folder in (listing.parent, listing.parent / "photos"):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"{name} of {listing} is neither beside it nor in photos/")


async def _settle(tap: BusTap, stills: set[tuple[UUID, int]], show: Any) -> None:
    """Wait until every still has a passage and every passage its read, then for quiet."""
    loop = asyncio.get_running_loop()
    deadline, quiet_since, seen = loop.time() + _SETTLE_TIMEOUT_S, loop.time(), -1
    while loop.time() < deadline:
        passages = tap.events(PassageObserved)
        looked_at = {(s.stream_id, s.sequence) for p in passages for s in p.shots} & stills
        count = len(passages) + len(tap.received[PlateRead.topic])
        if count != seen:
            seen, quiet_since = count, loop.time()
            deadline = max(deadline, loop.time() + 60)
        show(min(len(looked_at), len(tap.received[PlateRead.topic])))
        if looked_at == stills and is_settled(tap) and loop.time() - quiet_since > _QUIET_S:
            return
        await asyncio.sleep(0.3)


def _score(
    scene: SceneFigures,
    photo: dict[str, Any],
    still: SnapshotStored,
    passages: list[PassageObserved],
    reads: dict[UUID, PlateRead],
) -> None:
    located = [
        (box, read.plate.text if read.plate else None)
        for passage in passages
        if (read := reads.get(passage.passage_id)) is not None
        if (box := _plate_in_photo(passage, read, still)) is not None
    ]
    scene.passages += len(passages)
    for plate in photo["plates"]:
        x, y, width, height = plate["box_xywh_norm"]
        truth = (x - width / 2, y - height / 2, width, height)
        scene.plates += 1
        hits = [text for box, text in located if overlap(box, truth) >= FOUND_IOU]
        scene.found += bool(hits)
        if plate["text"]:
            scene.transcribed += 1
            scene.read_exactly += plate["text"] in hits


def _plate_in_photo(
    passage: PassageObserved, read: PlateRead, still: SnapshotStored
) -> Rectangle | None:
    """The located plate as pixels of the whole photograph, then as fractions of it."""
    if read.shot is None or read.shot.plate_box is None:
        return None
    for shot in passage.shots:
        if shot.crop == read.shot.crop:
            plate, crop = read.shot.plate_box, shot.crop_box
            return (
                (crop.x_px + plate.x_px) / still.width_px,
                (crop.y_px + plate.y_px) / still.height_px,
                plate.width_px / still.width_px,
                plate.height_px / still.height_px,
            )
    return None


def overlap(a: Rectangle, b: Rectangle) -> float:
    """Intersection over union of two rectangles."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    intersection = width * height
    return intersection / (a[2] * a[3] + b[2] * b[3] - intersection)
