"""Films with the truth of the rules beside them: what `evaluate-rules` reads."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from payesh.contracts.camera_revision import CameraRevision
from payesh.detect.domain.detections import Floats

CAMERA, TRUTH = "camera.json", "rules.json"


class UnsuitableFilm(ValueError):
    """A folder that does not hold what the evaluation needs."""


@dataclass(frozen=True, slots=True)
class Offence:
    """A rule that a vehicle broke, in seconds since the first frame. Of a `marginal` one, neither a
    violation nor none is a fault."""

    rule: str
    from_s: float
    to_s: float
    marginal: bool


@dataclass(frozen=True, slots=True)
class FilmedVehicle:
    """A vehicle of the truth: its boxes, float64 (n, 4) left, top, right, bottom in pixels, at
    `times_s` (n,)."""

    vehicle_id: str
    vehicle_class: str
    role: str
    offences: tuple[Offence, ...]
    times_s: Floats
    boxes: Floats


@dataclass(frozen=True, slots=True)
class RuleFilm:
    """A film of a fixed camera. Without truth, `rules` and `vehicles` are empty."""

    name: str
    variant: str
    video: Path
    revision: CameraRevision
    first_frame_at: datetime
    rules: tuple[str, ...]
    vehicles: tuple[FilmedVehicle, ...]


def films_in(folder: Path) -> list[RuleFilm]:
    """The films of a folder and of those below it: each folder with `camera.json` and one video,
    and the truth in `rules.json` if there is any. Raises UnsuitableFilm, OSError."""
    cameras = sorted(folder.rglob(CAMERA))
    if not cameras:
        raise UnsuitableFilm(f"{folder} holds no {CAMERA}")
    return [_film(camera.parent) for camera in cameras]


def _film(folder: Path) -> RuleFilm:
    videos = sorted(path for path in folder.iterdir() if path.suffix in (".mp4", ".mkv", ".mov"))
    if len(videos) != 1:
        raise UnsuitableFilm(f"{folder} holds {len(videos)} videos, not one")
    try:
        revision = CameraRevision.model_validate_json((folder / CAMERA).read_bytes())
    except ValidationError as error:
        raise UnsuitableFilm(f"{folder / CAMERA}: {error}") from error
    truth = folder / TRUTH
    if not truth.is_file():
        return RuleFilm(folder.name, "", videos[0], revision, revision.created_at, (), ())
    try:
        document = json.loads(truth.read_text("utf-8"))
        return RuleFilm(
            name=folder.name,
            variant=str(document["variant"]),
            video=videos[0],
            revision=revision,
            first_frame_at=datetime.fromisoformat(document["first_frame_at"]),
            rules=tuple(str(rule) for rule in document["rules"]),
            vehicles=tuple(_vehicle(each) for each in document["vehicles"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnsuitableFilm(f"{truth}: {type(error).__name__}: {error}") from error


def _vehicle(stated: dict[str, Any]) -> FilmedVehicle:
    table = np.array(stated["boxes"], dtype=np.float64).reshape(-1, 5)
    return FilmedVehicle(
        vehicle_id=str(stated["vehicle_id"]),
        vehicle_class=str(stated["vehicle_class"]),
        role=str(stated["role"]),
        offences=tuple(
            Offence(str(o["rule"]), float(o["from_s"]), float(o["to_s"]), bool(o["marginal"]))
            for o in stated["broke"]
        ),
        times_s=table[:, 0],
        boxes=table[:, 1:],
    )
