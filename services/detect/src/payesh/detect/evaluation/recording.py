"""A recording of a road: tracks in pixels, distances measured on the road, and, where a laser stood
there, reference speeds."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from payesh.detect.domain.geometry import Floats
from payesh.detect.domain.survey import MeasuredDistance, Pixel, Survey
from payesh.detect.domain.vanishing import vanishing_point


class UnsuitableRecording(ValueError):
    """The file is no recording; the text says where."""


@dataclass(frozen=True, slots=True)
class RecordedTrack:
    """Where one vehicle's reference point was: `time_s` (n,) growing, `pixels` (n, 2)."""

    track_id: int | str
    time_s: Floats
    pixels: Floats


@dataclass(frozen=True, slots=True)
class ReferenceSpeed:
    """What a laser measured, and when the vehicle crossed each line (seconds of the video)."""

    speed_kmh: float
    valid: bool
    crossed_s: dict[int, float]


@dataclass(frozen=True, slots=True)
class Recording:
    name: str
    picture_px: tuple[int, int]
    distances: tuple[MeasuredDistance, ...]
    lines_abc: Floats
    """(k, 3): measurement lines a x + b y + c = 0 in pixels."""
    tracks: tuple[RecordedTrack, ...]
    references: tuple[ReferenceSpeed, ...] | None

    def vanishing_px(self) -> Pixel | None:
        """Where the ways of its vehicles meet."""
        return vanishing_point((track.pixels for track in self.tracks), self.picture_px)

    def survey(self) -> Survey:
        """What a calibration may rest on: never the references."""
        return Survey(self.picture_px, distances=self.distances, vanishing_px=self.vanishing_px())

    def towards_camera(self) -> bool:
        """Whether most vehicles come down in the picture."""
        down = [
            track.pixels[-1, 1] > track.pixels[0, 1] for track in self.tracks if len(track.pixels)
        ]
        return 2 * int(np.sum(down)) >= len(down)


def read_recording(path: Path) -> Recording:
    """The recording of a JSON file, gzipped or plain. Raises UnsuitableRecording, OSError."""
    content = path.read_bytes()
    try:
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        return _recording(path, json.loads(content))
    except KeyError as error:
        raise UnsuitableRecording(f"{path} has no {error}") from error
    except (ValueError, TypeError, EOFError) as error:
        raise UnsuitableRecording(f"{path}: {error}") from error


def _recording(path: Path, data: dict[str, Any]) -> Recording:
    width, height = data["image_size_px"]
    fps = float(data["fps"])
    if not fps > 0:
        raise ValueError("fps is above 0")
    references = data.get("reference")
    return Recording(
        name=str(data.get("recording", path.name)),
        picture_px=(int(width), int(height)),
        distances=tuple(_distance(each) for each in data.get("measured_distances", [])),
        lines_abc=np.array(data.get("measurement_lines_abc", []), np.float64).reshape(-1, 3),
        tracks=tuple(_track(each, fps) for each in data["tracks"]),
        references=None if references is None else tuple(_reference(each) for each in references),
    )


def _distance(stated: dict[str, Any]) -> MeasuredDistance:
    (x, y), (to_x, to_y) = stated["p1_px"], stated["p2_px"]
    return MeasuredDistance(
        (float(x), float(y)),
        (float(to_x), float(to_y)),
        float(stated["metres"]),
        bool(stated["along_road"]),
    )


def _track(stated: dict[str, Any], fps: float) -> RecordedTrack:
    frames = np.asarray(stated["frames"], dtype=np.float64)
    pixels = np.column_stack([stated["x_px"], stated["y_px"]]).astype(np.float64)
    if len(frames) != len(pixels):
        raise ValueError(f"track {stated['id']} needs a frame number for each position")
    # A tracker may write a frame twice or late: the first position of a frame counts.
    frames, first = np.unique(frames, return_index=True)
    return RecordedTrack(stated["id"], frames / fps, pixels[first])


def _reference(stated: dict[str, Any]) -> ReferenceSpeed:
    crossed = {int(each["line"]): float(each["video_time_s"]) for each in stated["crossings"]}
    return ReferenceSpeed(float(stated["speed_kmh"]), bool(stated["valid"]), crossed)
