"""Encoding drawn frames in parallel into one H.264 file.

Each worker draws and encodes whole groups of pictures; with equal encoder settings their packets
share one parameter set, so the pieces are joined without touching a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

Image = NDArray[np.uint8]

_CHUNK_GOPS = 2
_BT601 = 6
_LIMITED_RANGE = 1


class Drawing(Protocol):
    """Draws frames of one film."""

    def draw_yuv(self, frame_number: int) -> Image:
        """Frame as planar I420, (height * 3 / 2, width)."""


@dataclass(frozen=True, slots=True)
class Film:
    """Frames to draw and encode. `begin` makes a worker's drawing; it is pickled."""

    begin: Callable[[], Drawing]
    size_px: tuple[int, int]
    frames: int
    fps: int
    gop_frames: int
    crf: int = 19
    """x264's constant rate factor: more is smaller and coarser."""

    @property
    def encoder(self) -> dict[str, str]:
        gop = self.gop_frames
        return {
            "preset": "veryfast",
            "crf": str(self.crf),
            "maxrate": "4.5M",
            "bufsize": "4.5M",
            "threads": "1",
            "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:open-gop=0",
        }


def encode(film: Film, path: Path, *, workers: int, on_frames: Callable[[int], None]) -> None:
    """Write `film` to the MP4 file `path`, calling `on_frames` with each count of new frames."""
    starts = range(0, film.frames, _CHUNK_GOPS * film.gop_frames)
    chunks = [path.with_name(f"{path.stem}-{start:06d}.mp4") for start in starts]
    # A spawned worker is safe wherever the caller runs threads or an event loop.
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_start_worker, initargs=(film,)
    ) as pool:
        for count in pool.map(_encode_chunk, starts, chunks):
            on_frames(count)
    _join(chunks, path, film.fps)
    for chunk in chunks:
        chunk.unlink()


_begun: tuple[Film, Drawing] | None = None  # one a worker process


def _start_worker(film: Film) -> None:
    global _begun
    cv2.setNumThreads(1)
    _begun = film, film.begin()


def _encode_chunk(start: int, path: Path) -> int:
    if _begun is None:
        raise RuntimeError("worker was not initialised")
    film, drawing = _begun
    stop = min(start + _CHUNK_GOPS * film.gop_frames, film.frames)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=film.fps, options=film.encoder)
        stream.width, stream.height = film.size_px
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, film.fps)
        stream.codec_context.colorspace = _BT601
        stream.codec_context.color_range = _LIMITED_RANGE
        for number in range(start, stop):
            frame = av.VideoFrame.from_ndarray(drawing.draw_yuv(number), format="yuv420p")
            frame.pts = number - start
            frame.time_base = Fraction(1, film.fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return stop - start


def _join(chunks: list[Path], path: Path, fps: int) -> None:
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
                    packet.time_base = Fraction(1, fps)
                    packet.pts = packet.dts = number
                    packet.duration = 1
                    out.mux(packet)
                    number += 1


def _packets(source: av.container.InputContainer, stream: VideoStream) -> Iterator[Any]:
    return (packet for packet in source.demux(stream) if packet.size)
