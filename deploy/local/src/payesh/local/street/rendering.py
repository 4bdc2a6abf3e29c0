"""Drawing the street's video frame by frame, in parallel, into one H.264 file.

Each worker renders and encodes whole groups of pictures; with equal encoder settings their
packets share one parameter set, so the pieces are joined without touching a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from payesh.local.street.backdrop import paint_backdrop
from payesh.local.street.geometry import PinholeCamera, Road
from payesh.local.street.panels import Panel, draw_panel
from payesh.local.street.traffic import Vehicle
from payesh.local.street.truth import visible_frames
from payesh.local.street.vehicles.assembly import build_panels

Image = NDArray[np.uint8]

FPS = 25
GOP_FRAMES = 50
_CHUNK_FRAMES = 2 * GOP_FRAMES
_NOISE_FIELDS = 6
_NOISE_SIGMA = 1.6  # grey levels
_BT601 = 6
_LIMITED_RANGE = 1
_ENCODER = {
    "preset": "veryfast",
    "crf": "19",
    "maxrate": "4.5M",
    "bufsize": "4.5M",
    "threads": "1",
    "x264-params": f"keyint={GOP_FRAMES}:min-keyint={GOP_FRAMES}:scenecut=0:bframes=0:open-gop=0",
}


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
        rng = np.random.default_rng(scene.seed + 1)
        shape = (scene.camera.height_px, scene.camera.width_px)
        self._noise = []
        for _ in range(_NOISE_FIELDS):
            field = np.round(rng.standard_normal(shape, np.float32) * _NOISE_SIGMA)
            self._noise.append(
                (np.maximum(field, 0).astype(np.uint8), np.maximum(-field, 0).astype(np.uint8))
            )
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
        brighter, darker = self._noise[frame_number % _NOISE_FIELDS]
        luma = planes[: self._scene.camera.height_px]
        cv2.add(luma, brighter, dst=luma)
        cv2.subtract(luma, darker, dst=luma)
        return planes


def render_video(
    scene: Scene, path: Path, *, workers: int, on_frames: Callable[[int], None]
) -> None:
    """Render `scene` to the MP4 file `path`, calling `on_frames` with each count of new frames."""
    backdrop = paint_backdrop(scene.camera, scene.road, seed=7)  # the same street for every seed
    starts = range(0, scene.frames, _CHUNK_FRAMES)
    chunks = [path.with_name(f"{path.stem}-{start:06d}.mp4") for start in starts]
    # A spawned worker is safe wherever the caller runs threads or an event loop.
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_start_worker, initargs=(scene, backdrop)
    ) as pool:
        for count in pool.map(_render_chunk, starts, chunks):
            on_frames(count)
    _join(chunks, path)
    for chunk in chunks:
        chunk.unlink()


_painter: Painter | None = None  # one a worker process


def _start_worker(scene: Scene, backdrop: Image) -> None:
    global _painter
    cv2.setNumThreads(1)
    _painter = Painter(scene, backdrop)


def _render_chunk(start: int, path: Path) -> int:
    painter = _painter
    if painter is None:
        raise RuntimeError("worker was not initialised")
    scene = painter._scene
    stop = min(start + _CHUNK_FRAMES, scene.frames)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options=dict(_ENCODER))
        stream.width, stream.height = scene.camera.width_px, scene.camera.height_px
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        stream.codec_context.colorspace = _BT601
        stream.codec_context.color_range = _LIMITED_RANGE
        for number in range(start, stop):
            frame = av.VideoFrame.from_ndarray(painter.draw_yuv(number), format="yuv420p")
            frame.pts = number - start
            frame.time_base = Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return stop - start


def _join(chunks: list[Path], path: Path) -> None:
    """Copy the chunks' packets one after the other into `path`, timed by their order."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as out:
        target: VideoStream | None = None
        extradata: bytes | None = None
        number = 0
        for chunk in chunks:
            with av.open(str(chunk)) as source:
                stream = source.streams.video[0]
                if target is None:
                    target = out.add_stream_from_template(stream)
                    extradata = stream.codec_context.extradata
                if stream.codec_context.extradata != extradata:
                    raise RuntimeError(f"{chunk.name} was encoded with other parameter sets")
                for packet in _packets(source, stream):
                    packet.stream = target
                    packet.time_base = Fraction(1, FPS)
                    packet.pts = packet.dts = number
                    packet.duration = 1
                    out.mux(packet)
                    number += 1


def _packets(source: av.container.InputContainer, stream: VideoStream) -> Iterator[Any]:
    return (packet for packet in source.demux(stream) if packet.size)
