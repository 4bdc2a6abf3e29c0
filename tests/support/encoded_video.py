"""Small encoded videos of a moving pattern, in the containers that tests need."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

FPS = 25
_TICKS = 90_000


def picture(number: int, width: int, height: int) -> np.ndarray[Any, Any]:
    """A pattern of blocks, moved by four pixels a frame."""
    blocks = np.random.default_rng(7).integers(0, 255, (height // 8 + 1, width // 8 + 1, 3))
    whole = np.kron(blocks.astype(np.uint8), np.ones((8, 8, 1), np.uint8))[:height, :width]
    return np.roll(whole, number * 4, 1)


def encode(
    path: Path,
    frames: int = 100,
    *,
    codec: str = "libx264",
    size: tuple[int, int] = (160, 96),
    gop: int = FPS,
    bframes: int = 0,
    open_gop: bool = False,
    form: str | None = None,
    times: Sequence[float] | None = None,
    rotation_deg: int = 0,
) -> Path:
    """`times`: seconds of each frame instead of a steady rate; `rotation_deg` counterclockwise."""
    with av.open(str(path), "w", format=form) as container:
        video: Any = container.add_stream(codec, rate=FPS)
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        if codec == "libx264":
            params = f"open-gop={int(open_gop)}:b-adapt=0:scenecut=0:bframes={bframes}"
            video.options = {
                "preset": "ultrafast",
                "g": str(gop),
                "crf": "28",
                "x264-params": params,
            }
        elif codec == "libx265":
            params = (
                f"keyint={gop}:min-keyint={gop}:bframes={bframes}:b-adapt=0:scenecut=0"
                f":open-gop={int(open_gop)}:log-level=none:pools=1:frame-threads=1"
            )
            video.options = {"preset": "ultrafast", "x265-params": params}
        if rotation_deg:
            video.set_display_rotation(rotation_deg)
        if times is not None:
            video.time_base = video.codec_context.time_base = Fraction(1, _TICKS)
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number, *size), format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = round(times[number] * _TICKS), Fraction(1, _TICKS)
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return path


def remux(
    source: Path,
    target: Path,
    *,
    form: str | None = None,
    change: Callable[[Any], bool | None] = lambda packet: None,
    **options: str,
) -> Path:
    """The same packets in another container; `change` may alter each, and leaves out a packet by
    answering False."""
    with (
        av.open(str(source)) as old,
        av.open(str(target), "w", format=form, options=options) as new,
    ):
        video = old.streams.video[0]
        stream = new.add_stream_from_template(video)
        for packet in old.demux(video):
            if packet.dts is None or change(packet) is False:
                continue
            packet.stream = stream
            new.mux(packet)
    return target


def moved(seconds: float, *, after_s: float) -> Callable[[Any], None]:
    """A change for `remux`: packets decoded after a time carry times moved by `seconds`."""

    def change(packet: Any) -> None:
        if float(packet.dts * packet.time_base) > after_s:
            packet.pts += round(seconds / packet.time_base)
            packet.dts += round(seconds / packet.time_base)

    return change
