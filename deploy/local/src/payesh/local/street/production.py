"""The cache of rendered streets: each video once, with its truth."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from payesh.local.film_cache import available_cores, film_folder, rendering_progress
from payesh.local.street.geometry import PinholeCamera, Road
from payesh.local.street.rendering import FPS, Scene, render_video
from payesh.local.street.traffic import TrafficPlan, generate_traffic
from payesh.local.street.truth import Truth, ground_truth

VIDEO_NAME = "street.mp4"
TRUTH_NAME = "truth.json"


@dataclass(frozen=True, slots=True)
class Street:
    """A rendered street: its video, and its truth beside it."""

    video: Path
    truth_file: Path
    truth: Truth


def render_street(
    seed: int,
    out_dir: Path | None = None,
    *,
    plan: TrafficPlan | None = None,
    camera: PinholeCamera | None = None,
    road: Road | None = None,
    workers: int | None = None,
    quiet: bool = False,
) -> Street:
    """Render the street of `seed`, or return it at once when `out_dir` already holds it.

    `out_dir` defaults to a folder of the user's cache that is named after the seed, the
    parameters and the drawing code. The folder is complete or absent. Raises ValueError
    when the plan's vehicles do not fit into its duration.
    """
    plan, camera, road = plan or TrafficPlan(), camera or PinholeCamera(), road or Road()
    folder = out_dir or cache_folder(seed, plan, camera, road)
    if (folder / VIDEO_NAME).is_file() and (folder / TRUTH_NAME).is_file():
        return _load(folder)
    vehicles = generate_traffic(seed, plan, road)
    frames = round(plan.duration_s * FPS)
    truth = ground_truth(seed, vehicles, camera, road, fps=FPS, frames=frames)
    scene = Scene(seed, vehicles, camera, road, frames)
    folder.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=".rendering-", dir=folder))
    try:
        with rendering_progress(quiet) as progress:
            task = progress.add_task(f"street, seed {seed}", total=frames)
            advance: Callable[[int], None] = lambda count: progress.advance(task, count)  # noqa: E731
            render_video(
                scene,
                workshop / VIDEO_NAME,
                workers=workers or available_cores(),
                on_frames=advance,
            )
        (workshop / TRUTH_NAME).write_text(truth.to_json(), encoding="utf-8")
        for name in (
            VIDEO_NAME,
            TRUTH_NAME,
        ):  # the truth last: its presence means that both are complete
            (workshop / name).replace(folder / name)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return _load(folder)


def cache_folder(seed: int, plan: TrafficPlan, camera: PinholeCamera, road: Road) -> Path:
    """Where the street of these parameters is kept; other drawing code, other folder."""
    parameters = seed, asdict(plan), asdict(camera), asdict(road)
    return film_folder("street", parameters, [Path(__file__).parent])


def _load(folder: Path) -> Street:
    truth_file = folder / TRUTH_NAME
    return Street(folder / VIDEO_NAME, truth_file, Truth.load(truth_file))
