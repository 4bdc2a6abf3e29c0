"""A film with what was observed drawn over it, to look at."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import cv2
import numpy as np

from payesh.contracts import Event, PassageObserved, ViolationDetected
from payesh.contracts.camera_revision import CameraRevision, MarkedLane, MarkedRegion
from payesh.detect.domain.trajectory import Box, Trajectory
from payesh.detect.evaluation.film_notices import Notice, notices_of
from payesh.detect.frames import Bytes
from payesh.detect.vision.scenes import scene_of

_INK, _ZONE, _LINE, _REGION, _LAMP = (
    (255, 255, 255),
    (200, 160, 40),
    (60, 200, 240),
    (200, 80, 200),
    (60, 240, 120),
)
_FOLLOWED, _PASSED, _BROKE = (200, 200, 200), (80, 220, 80), (60, 60, 255)
_LASTS, _ENDED = (0, 150, 255), (190, 190, 120)
"""An incident, or a self-check of the detector."""
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_GAP_S = 0.6
"""A vehicle that was not found for longer is not drawn in between."""


@dataclass(frozen=True, slots=True)
class _Way:
    """A vehicle's boxes in order of time, with what is known of it in the end."""

    times_s: np.ndarray[Any, np.dtype[np.float64]]
    boxes: np.ndarray[Any, np.dtype[np.float64]]
    label: str
    colour: tuple[int, int, int]

    def box_at(self, time_s: float) -> Box | None:
        """Between two sightings in a straight line; None where it was not seen."""
        after = int(np.searchsorted(self.times_s, time_s - 1e-6))
        if after == len(self.times_s):
            return None
        if abs(self.times_s[after] - time_s) < 1e-3:
            left, top, right, bottom = self.boxes[after].tolist()
            return left, top, right, bottom
        if after == 0 or self.times_s[after] - self.times_s[after - 1] > _GAP_S:
            return None
        share = (time_s - self.times_s[after - 1]) / (self.times_s[after] - self.times_s[after - 1])
        between = self.boxes[after - 1] * (1 - share) + self.boxes[after] * share
        left, top, right, bottom = between.tolist()
        return left, top, right, bottom


def annotate(
    film: Path,
    out: Path,
    revision: CameraRevision,
    trajectories: Mapping[UUID, Trajectory],
    events: Sequence[Event],
    started_at: datetime,
) -> Iterator[int]:
    """Write the film as H.264 with the camera's marks, each vehicle with its class, speed and what
    it broke, and each incident with its kind and place from when it was raised until it ended;
    yields the number of each frame that is written. The film's first frame was at `started_at`.
    Raises OSError."""
    notices = notices_of(events, started_at)
    ways = [
        _way(trajectory, passage, events, started_at)
        for passage, trajectory in trajectories.items()
    ]
    with av.open(str(film)) as source, av.open(str(out), mode="w") as target:
        stream = source.streams.video[0]
        width, height = stream.width & ~1, stream.height & ~1
        video: Any = target.add_stream("libx264", rate=stream.average_rate or Fraction(25))
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.time_base = video.codec_context.time_base = Fraction(1, 90_000)
        video.options = {"preset": "veryfast", "crf": "23"}
        latest = -1
        for number, frame in enumerate(source.decode(stream)):
            if frame.time is None:
                continue
            whole = np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
            picture = np.ascontiguousarray(whole[:height, :width])
            _draw(picture, revision, ways, float(frame.time))
            _draw_notices(picture, notices, float(frame.time))
            drawn = av.VideoFrame.from_ndarray(picture, format="bgr24")
            drawn.pts = latest = max(latest + 1, round(float(frame.time) * 90_000))
            drawn.time_base = Fraction(1, 90_000)
            target.mux(video.encode(drawn))
            yield number
        target.mux(video.encode())


def _way(
    trajectory: Trajectory, passage_id: UUID, events: Iterable[Event], started_at: datetime
) -> _Way:
    label, colour = trajectory.vehicle_class, _FOLLOWED
    broken: list[str] = []
    for each in events:
        if isinstance(each, PassageObserved) and each.passage_id == passage_id:
            label, colour = str(each.vehicle.vehicle_class), _PASSED
            if each.speed is not None:
                label += f" {each.speed.speed_kmh:.1f}+-{each.speed.speed_u95_kmh:.1f} km/h"
        elif isinstance(each, ViolationDetected) and each.passage_id == passage_id:
            broken.append(str(each.rule))
    if broken:
        label, colour = f"{label} {', '.join(broken)}", _BROKE
    points = trajectory.picture
    return _Way(
        # The stream's own timeline may begin elsewhere than the film's.
        np.array([(trajectory.moment(p.time_s).at - started_at).total_seconds() for p in points]),
        np.array([point.box for point in points]).reshape(-1, 4),
        f"{str(passage_id)[:4]} {label}",
        colour,
    )


def _draw(picture: Bytes, revision: CameraRevision, ways: Sequence[_Way], time_s: float) -> None:
    size = 0.35 + picture.shape[1] / 4000
    scale = _scale(picture, revision)
    for polygon, name, colour in _marks(revision):
        points = np.rint(np.array(polygon) * scale).astype(np.int32)
        cv2.polylines(picture, [points], len(points) > 2, colour, 1, cv2.LINE_AA)
        _write(picture, name, (int(points[0, 0]), int(points[0, 1]) - 3), colour, size * 0.8)
    for way in ways:
        box = way.box_at(time_s)
        if box is None:
            continue
        left, top, right, bottom = (round(side) for side in box)
        cv2.rectangle(picture, (left, top), (right, bottom), way.colour, 1 + int(size), cv2.LINE_AA)
        _write(picture, way.label, (left, max(12, top - 4)), way.colour, size)
    _write(picture, f"{time_s:.2f} s", (8, picture.shape[0] - 8), _INK, size)


def _draw_notices(picture: Bytes, notices: Sequence[Notice], time_s: float) -> None:
    """A line for each in the upper left, and its place as a double frame."""
    size = 0.35 + picture.shape[1] / 4000
    shown = [each for each in notices if each.shows_at(time_s)]
    for row, notice in enumerate(shown, start=1):
        colour = _LASTS if notice.lasts else _ENDED
        _write(picture, notice.text, (8, 16 + round(row * 32 * size)), colour, size)
        if notice.box is None:
            continue
        left, top = round(notice.box.x_px), round(notice.box.y_px)
        right, bottom = left + round(notice.box.width_px), top + round(notice.box.height_px)
        for wider in (3, 7):
            corners = (left - wider, top - wider), (right + wider, bottom + wider)
            cv2.rectangle(picture, *corners, colour, 1 + int(size), cv2.LINE_AA)


def _scale(picture: Bytes, revision: CameraRevision) -> float:
    return picture.shape[1] / revision.width_px if revision.width_px else 1.0


def _marks(revision: CameraRevision) -> Iterator[tuple[list[Any], str, tuple[int, int, int]]]:
    """Corners in pixels of the revision's picture, a name and a colour of each mark."""
    scene = scene_of(revision)
    if scene.plane is not None and scene.speed_zone is not None:
        zone = scene.speed_zone
        for lane in zone.lanes:
            corners = [
                (lane.from_x_m, zone.entry_y_m),
                (lane.to_x_m, zone.entry_y_m),
                (lane.to_x_m, zone.exit_y_m),
                (lane.from_x_m, zone.exit_y_m),
            ]
            yield scene.plane.image(corners).tolist(), lane.name, _ZONE
    for line in revision.lines:
        yield [line.from_px, line.to_px], line.name, _LINE
    areas: list[MarkedRegion | MarkedLane] = [*revision.regions, *revision.lanes]
    for area in areas:
        yield list(area.polygon_px), area.name, _REGION
    for head in revision.signal_heads:
        for lamp in head.lamps:
            left, top = lamp.x_px, lamp.y_px
            right, bottom = left + lamp.width_px, top + lamp.height_px
            yield [(left, top), (right, top), (right, bottom), (left, bottom)], "", _LAMP


def _write(
    picture: Bytes, text: str, at: tuple[int, int], colour: tuple[int, int, int], size: float
) -> None:
    # An outline by a thicker stroke would be wider than the text: a stroke's width widens letters.
    for across, down in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        beside = at[0] + across, at[1] + down
        cv2.putText(picture, text, beside, _FONT, size, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(picture, text, at, _FONT, size, colour, 1, cv2.LINE_AA)
