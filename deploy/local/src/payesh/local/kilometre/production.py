"""Both cameras' films of the kilometre, with their revisions and the truth, in one folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import format_utc
from payesh.contracts.vocabulary import LineKind
from payesh.local.film_cache import available_cores, film_folder, rendering_progress
from payesh.local.kilometre.drives import (
    ENTRY_FILM_S,
    EXIT_FILM_AFTER_S,
    EXIT_FILM_S,
    LIMIT_KMH,
    LINE_M,
    WAY_M,
    WAY_U95_M,
    Drive,
    drives,
)
from payesh.local.street.geometry import PinholeCamera, Road
from payesh.local.street.rendering import FPS, Scene, render_video
from payesh.local.street.truth import Truth, ground_truth
from payesh.local.street_camera import street_revision

CAMERA = PinholeCamera(width_px=1280, height_px=720, focal_px=2800.0)
ROAD = Road(speed_limit_kmh=LIMIT_KMH)
ENTRY_ID, EXIT_ID = "smn-test-kilometre-12", "smn-test-kilometre-13"
ENTRY_LINE, EXIT_LINE = "ورود کیلومتر", "خروج کیلومتر"
STRETCH = "کیلومتر ۱۲ تا ۱۳"
DRIVES_NAME = "drives.json"
FILMED_AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Kilometre:
    """Both films and who drives from one to the other."""

    entry_film: Path
    exit_film: Path
    drives: tuple[Drive, ...]
    entry_truth: Truth
    exit_truth: Truth

    @property
    def duration_s(self) -> float:
        """From the first frame of the entry's film to the last of the exit's."""
        return EXIT_FILM_AFTER_S + EXIT_FILM_S

    def revisions(self, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
        """Bodies of both cameras' revisions, the entry's first."""
        begins, ends = marked_line(ENTRY_LINE), marked_line(EXIT_LINE)
        stretch = {
            "name": STRETCH,
            "entry_camera_id": ENTRY_ID,
            "entry_line": begins,
            "exit_line": EXIT_LINE,
            "shortest_way_m": WAY_M,
            "way_u95_m": WAY_U95_M,
            "speed_limit_kmh": LIMIT_KMH,
            "valid_from": format_utc(now - timedelta(days=1)),
            "valid_to": format_utc(now + timedelta(days=365)),
        }
        recorded = {
            "source_kind": "recordings",
            "detection": {"kind": "motion", "model": None, "frame_stride": 2},
        }
        return (
            street_revision(
                self.entry_truth, now, name="جادهٔ آزمون، کیلومتر ۱۲", lines=[begins], **recorded
            ),
            street_revision(
                self.exit_truth, now, name="جادهٔ آزمون، کیلومتر ۱۳", lines=[ends],
                stretches=[stretch], **recorded,
            ),
        )  # fmt: skip


def marked_line(name: str) -> dict[str, Any]:
    """A line across the carriageway, crossed by what drives towards the camera."""
    half_m = ROAD.half_width_m
    ends = CAMERA.project(np.array([(-half_m, LINE_M, 0.0), (half_m, LINE_M, 0.0)]))
    from_px, to_px = ([round(float(side), 1) for side in end] for end in ends)
    return {"name": name, "kind": str(LineKind.MEASUREMENT), "from_px": from_px, "to_px": to_px}


def render_kilometre(
    seed: int, out_dir: Path | None = None, *, workers: int | None = None, quiet: bool = False
) -> Kilometre:
    """Both films of a seed, rendered once, then taken from the user's cache, or from `out_dir`."""
    local = Path(__file__).parents[1]
    folder = out_dir or film_folder(
        "kilometre", (seed, asdict(CAMERA), asdict(ROAD)), [local / "kilometre", local / "street"]
    )
    kilometre = _kilometre(seed, folder)
    if (folder / DRIVES_NAME).is_file():
        return kilometre
    folder.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=".rendering-", dir=folder))
    frames = round((ENTRY_FILM_S + EXIT_FILM_S) * FPS)
    try:
        with rendering_progress(quiet) as progress:
            task = progress.add_task(f"kilometre, seed {seed}", total=frames)
            for path, vehicles, seconds in (
                (kilometre.entry_film, [each.at_entry(ROAD) for each in kilometre.drives],
                 ENTRY_FILM_S),
                (kilometre.exit_film, [each.at_exit(ROAD) for each in kilometre.drives],
                 EXIT_FILM_S),
            ):  # fmt: skip
                shown = tuple(each for each in vehicles if each is not None)
                render_video(
                    Scene(seed, shown, CAMERA, ROAD, round(seconds * FPS)),
                    workshop / path.name,
                    workers=workers or available_cores(),
                    on_frames=lambda count: progress.advance(task, count),
                )
        _write_documents(workshop, kilometre)
        for name in sorted(each.name for each in workshop.iterdir() if each.name != DRIVES_NAME):
            (workshop / name).replace(folder / name)
        (workshop / DRIVES_NAME).replace(folder / DRIVES_NAME)  # the truth last: all is complete
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return kilometre


def _kilometre(seed: int, folder: Path) -> Kilometre:
    driven = drives(seed)
    entry, exit_ = (
        ground_truth(
            seed,
            tuple(each for each in vehicles if each is not None),
            CAMERA,
            ROAD,
            fps=FPS,
            frames=round(seconds * FPS),
        )
        for vehicles, seconds in (
            ([each.at_entry(ROAD) for each in driven], ENTRY_FILM_S),
            ([each.at_exit(ROAD) for each in driven], EXIT_FILM_S),
        )
    )
    return Kilometre(folder / "entry.mp4", folder / "exit.mp4", driven, entry, exit_)


def _write_documents(folder: Path, kilometre: Kilometre) -> None:
    """What `payesh-detect watch` and `payesh-plates evaluate-stretches` need beside the films."""
    for name, camera_id, revision, began in zip(
        ("entry", "exit"),
        (ENTRY_ID, EXIT_ID),
        kilometre.revisions(FILMED_AT),
        (FILMED_AT, FILMED_AT + timedelta(seconds=EXIT_FILM_AFTER_S)),
        strict=True,
    ):
        stated = {
            "camera_id": camera_id,
            "revision": 1,
            "created_at": format_utc(began),
            **revision,
        }
        checked = CameraRevision.model_validate_json(json.dumps(stated))
        (folder / f"{name}.json").write_text(checked.model_dump_json(indent=1), "utf-8")
    (folder / DRIVES_NAME).write_text(
        json.dumps(
            {
                "stretch": STRETCH,
                "drives": [_drive(each) for each in kilometre.drives],
            },
            ensure_ascii=False,
            indent=1,
        ),
        "utf-8",
    )


def _drive(drive: Drive) -> dict[str, Any]:
    def at(seconds: float | None) -> str | None:
        return None if seconds is None else format_utc(FILMED_AT + timedelta(seconds=seconds))

    return {
        "vehicle_id": drive.vehicle_id,
        "role": drive.role,
        "plate": drive.plate,
        "lane": str(drive.lane),
        "entered_at": at(drive.entered_s),
        "left_at": at(drive.left_s),
        "average_kmh": None if drive.average_kmh is None else round(drive.average_kmh, 3),
        "broke": drive.broke,
        "marginal": drive.marginal,
    }
