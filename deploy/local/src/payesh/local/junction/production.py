"""Films of the junction: video, truth of the rules and the camera's revision, in a folder each."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from payesh.contracts.values import format_utc
from payesh.local.film_cache import available_cores, film_folder, rendering_progress
from payesh.local.junction.camera_document import FILMED_AT, camera_document
from payesh.local.junction.drawing import (
    FPS,
    GOP_FRAMES,
    JunctionDrawing,
    Place,
    film_frames,
)
from payesh.local.junction.layout import CAMERA, SHARP_CAMERA
from payesh.local.junction.offences import offences_of
from payesh.local.junction.script import CYCLES, Script, write_script
from payesh.local.junction.weather import VARIANTS
from payesh.local.rules_truth import (
    BOXES_EVERY_S,
    CAMERA_NAME,
    RULES_NAME,
    VIDEO_NAME,
    Box,
    BrokenRule,
    TrueVehicle,
    write_rules,
)
from payesh.local.street.encoding import Film, encode
from payesh.local.street.geometry import PinholeCamera

_CRF = 24
_VARIANT = "day"
RULES = (
    "red_light", "stop_line", "wrong_way", "no_entry", "special_lane", "forbidden_turn",
    "forbidden_stopping", "speeding",
)  # fmt: skip
"""What the junction's camera arms."""


def kept_junction(seed: int, cycles: int, *, sharp: bool, quiet: bool = False) -> Path:
    """The folder of the film of a seed by day; rendered once, then taken from the user's cache. In
    a `sharp` one plates can be read."""
    camera = SHARP_CAMERA if sharp else CAMERA
    local = Path(__file__).parents[1]
    drawn_by = [local / "junction", local / "street", local / "rules_truth.py"]
    out = film_folder("junction", (seed, _VARIANT, cycles, camera), drawn_by)
    is_kept = any(out.glob(f"*/{RULES_NAME}"))
    with rendering_progress(quiet or is_kept) as progress:
        task = progress.add_task(f"junction, seed {seed}", total=film_frames(cycles))
        return render_junction(
            seed,
            _VARIANT,
            out,
            cycles=cycles,
            camera=camera,
            on_frames=lambda count: progress.advance(task, count),
        )


def render_junction(
    seed: int,
    variant: str,
    out: Path,
    *,
    cycles: int = CYCLES,
    camera: PinholeCamera = CAMERA,
    workers: int | None = None,
    on_frames: Callable[[int], None] = lambda count: None,
) -> Path:
    """Write the film of a seed and a variant into a folder of its own below `out`, and return it.

    A folder that is complete is returned at once. `on_frames` is called with each count of new
    frames. Raises KeyError for a variant that there is not.
    """
    crowded = VARIANTS[variant].crowded
    folder = out / f"junction-{variant}-{seed}"
    if (folder / RULES_NAME).is_file():
        return folder
    script = write_script(seed, cycles=cycles, crowded=crowded)
    size_px = camera.width_px, camera.height_px
    begin = partial(JunctionDrawing, seed, variant, cycles, camera)
    film = Film(begin, size_px, film_frames(cycles), FPS, GOP_FRAMES, _CRF)
    folder.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=".rendering-", dir=folder))
    try:
        cores = workers or available_cores()
        encode(film, workshop / VIDEO_NAME, workers=cores, on_frames=on_frames)
        document = json.dumps(camera_document(folder.name, camera), ensure_ascii=False, indent=1)
        (workshop / CAMERA_NAME).write_text(document, "utf-8")
        write_rules(
            workshop / RULES_NAME,
            film=folder.name,
            variant=variant,
            first_frame_at=format_utc(FILMED_AT),
            rules=RULES,
            vehicles=true_vehicles(script, camera),
        )
        for name in (VIDEO_NAME, CAMERA_NAME, RULES_NAME):  # the truth last: all is complete then
            (workshop / name).replace(folder / name)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return folder


def true_vehicles(script: Script, camera: PinholeCamera = CAMERA) -> list[TrueVehicle]:
    """Every vehicle that the camera sees, with what it broke."""
    vehicles = []
    for actor in script.actors:
        times = np.arange(0.0, script.duration_s, BOXES_EVERY_S)
        times = times[(times >= actor.begins_s) & (times <= actor.ends_s)]
        boxes: list[tuple[float, Box]] = []
        if len(times):
            feet, headings, _ = actor.placed(times)
            for time_s, foot, heading in zip(times, feet, headings, strict=True):
                box = Place(actor, foot, heading).box_px(camera)
                if box is not None:
                    boxes.append((float(time_s), box))
        if not boxes:
            continue
        broke = (
            BrokenRule(each.rule, each.from_s, each.to_s, each.marginal)
            for each in offences_of(actor, script.duration_s)
        )
        vehicle = actor.vehicle
        vehicles.append(
            TrueVehicle(
                vehicle.vehicle_id, vehicle.vehicle_class.value, actor.role, tuple(broke),
                tuple(boxes), vehicle.plate,
            )
        )  # fmt: skip
    return vehicles
