"""The box street as another camera would send it: other codec, groups of pictures or size."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.frame import PictureType

from tests.unit.detect.box_street import FPS

Size = tuple[int, int]


def encoded_again(
    video: Path,
    to: Path,
    *,
    codec: str = "libx264",
    size_px: Size | None = None,
    gop: int = 50,
    b_frames: int = 0,
    open_gop: bool = False,
    gradual_refresh: bool = False,
    turned_deg: int = 0,
) -> Path:
    """`turned_deg`: the camera hangs turned, counterclockwise."""
    with av.open(str(video)) as source, av.open(str(to), "w") as target:
        shown = source.streams.video[0]
        size_px = size_px or (shown.width, shown.height)
        stream: Any = target.add_stream(codec, rate=FPS)
        stream.width, stream.height = size_px if turned_deg % 180 == 0 else size_px[::-1]
        stream.pix_fmt = "yuv420p"
        if codec == "libx264":
            details = (
                f"open-gop={int(open_gop)}:bframes={b_frames}:b-adapt=0:scenecut=0"
                f":intra-refresh={int(gradual_refresh)}"
            )
            stream.options = {"preset": "veryfast", "crf": "20", "x264-params": details}
            stream.codec_context.gop_size = gop
        else:
            details = (
                f"keyint={gop}:min-keyint={gop}:open-gop={int(open_gop)}:bframes={b_frames}"
                ":scenecut=0:log-level=none:pools=1:frame-threads=1"
            )
            stream.options = {"preset": "ultrafast", "crf": "22", "x265-params": details}
        for number, frame in enumerate(source.decode(video=0)):
            picture = frame.reformat(width=size_px[0], height=size_px[1])
            if turned_deg:
                turned = picture.to_ndarray(format="bgr24")
                for _ in range(turned_deg // 90):
                    turned = turned.transpose(1, 0, 2)[::-1]
                picture = av.VideoFrame.from_ndarray(turned.copy(), format="bgr24")
            picture.pts, picture.time_base = number, Fraction(1, FPS)
            picture.pict_type = PictureType.NONE  # else keyframes stay where they were
            for packet in stream.encode(picture):
                target.mux(packet)
        for packet in stream.encode():
            target.mux(packet)
    return to
