"""Drawing the street's video frame by frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.local.street.backdrop import paint_backdrop
from payesh.local.street.encoding import Film, encode
from payesh.local.street.geometry import PinholeCamera, Road
from payesh.local.street.noise import SensorNoise
from payesh.local.street.panels import Panel, draw_panel
from payesh.local.street.traffic import Vehicle
from payesh.local.street.truth import visible_frames
from payesh.local.street.vehicles.assembly import build_panels

Image = NDArray[np.uint8]

FPS = 25
GOP_FRAMES = 50
_NOISE_SIGMA = 1.6  # grey levels


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the frames are drawn from."""

    seed: int
    vehicles: tuple[Vehicle, ...]
    camera: PinholeCamera
    road: Road
    frames: int


class Painter:
    """Draws frames of one scene; holds the backdrop, the noise and the vehicles in sight."""

    def __init__(self, scene: Scene, backdrop: Image) -> None:
        self._scene = scene
        self._backdrop = backdrop
        shape = (scene.camera.height_px, scene.camera.width_px)
        self._noise = SensorNoise(scene.seed + 1, shape, _NOISE_SIGMA)
        self._panels: dict[str, list[Panel]] = {}
        self._visible = {
            v.vehicle_id: visible_frames(v, scene.camera, scene.road, FPS, scene.frames)
            for v in scene.vehicles
        }

    def draw(self, frame_number: int) -> Image:
        """Frame as (height, width, 3) BGR, without sensor noise."""
        frame = self._backdrop.copy()
        scene = self._scene
        time_s = frame_number / FPS
        inside = [
            v
            for v in scene.vehicles
            if self._visible[v.vehicle_id][0] <= frame_number <= self._visible[v.vehicle_id][1]
        ]
        self._panels = {
            v.vehicle_id: self._panels.get(v.vehicle_id) or build_panels(v) for v in inside
        }
        for vehicle in sorted(inside, key=lambda v: -v.front_m(time_s, scene.road)):
            x_m = scene.road.lane_centre_m(vehicle.lane)
            foot = np.array([x_m, vehicle.front_m(time_s, scene.road), 0.0])
            for panel in self._panels[vehicle.vehicle_id]:
                draw_panel(frame, panel, scene.camera, foot)
        return frame

    def draw_yuv(self, frame_number: int) -> Image:
        """Frame as planar I420 (height * 3 / 2, width), with sensor noise in the luma."""
        planes = np.asarray(cv2.cvtColor(self.draw(frame_number), cv2.COLOR_BGR2YUV_I420), np.uint8)
        self._noise.add(planes[: self._scene.camera.height_px], frame_number)
        return planes


def render_video(
    scene: Scene, path: Path, *, workers: int, on_frames: Callable[[int], None]
) -> None:
    """Render `scene` to the MP4 file `path`, calling `on_frames` with each count of new frames."""
    backdrop = paint_backdrop(scene.camera, scene.road, seed=7)  # the same street for every seed
    size_px = scene.camera.width_px, scene.camera.height_px
    film = Film(partial(Painter, scene, backdrop), size_px, scene.frames, FPS, GOP_FRAMES)
    encode(film, path, workers=workers, on_frames=on_frames)
