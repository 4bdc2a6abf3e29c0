"""A copy of a clip that its owner may see: the measured vehicle's lower part, and nothing else.

What is around it is one mosaic of one frame, the same in every picture of the copy: a mosaic of
each frame would show a moving plate at many places of its cells, from which it can be computed. So
of all that is not the vehicle, the copy holds some sixty averages in total.
"""

import io
import tempfile
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
from av.container import OutputContainer
from PIL import Image, ImageDraw

from payesh.contracts.detect import BoxAt
from payesh.contracts.values import Box, SegmentLink
from payesh.tickets.evidence.masking import WINDOWS, mosaic

_WIDTH = 960
_MOST_FRAMES = 3000
_BESIDE = timedelta(seconds=0.4)
"""How long before and after the vehicle's track the copy shows the place without it."""
_GAP = timedelta(seconds=1)
"""Between boxes farther apart the vehicle's place is not known, and nothing is shown of it."""
_OUTLINE = (78, 227, 180)
_RATE, _TICK = Fraction(25), Fraction(1, 1000)


def masked_clip(body: bytes, links: Sequence[SegmentLink], boxes: Sequence[BoxAt]) -> bytes:
    """H.264 in MP4, at most 960 pixels wide. `links` are those of the clip's segments, `boxes` the
    measured vehicle's in pixels of its frames, in order of time. Raises ValueError where nothing of
    the track is in the clip, or it is no video. Blocks.
    """
    # A file, for its index is moved before the pictures: browsers then play it from the start.
    with tempfile.NamedTemporaryFile(prefix="payesh-owner-", suffix=".mp4") as file:
        with av.open(file.name, "w", format="mp4", options={"movflags": "+faststart"}) as made:
            _encode(made, _shown(body, links, boxes), boxes)
        return Path(file.name).read_bytes()


def _encode(
    made: OutputContainer,
    pictures: Iterator[tuple[datetime, Image.Image, int]],
    boxes: Sequence[BoxAt],
) -> None:
    first = next(pictures, None)
    if first is None:
        raise ValueError("the clip shows nothing of the vehicle's track")
    began, background = first[0], mosaic(first[1])
    stream = made.add_stream("libx264", rate=_RATE)
    stream.width, stream.height = background.size
    stream.pix_fmt = "yuv420p"
    stream.time_base = stream.codec_context.time_base = _TICK
    stream.options = {"preset": "veryfast", "crf": "26", "threads": "1"}
    for at, picture, width_px in chain([first], pictures):
        scale = picture.width / width_px
        shown = _masked(picture, background, box_at(boxes, at), scale)
        frame = av.VideoFrame.from_image(shown)  # type: ignore[no-untyped-call]  # PyAV's
        frame.pts = round((at - began) / timedelta(milliseconds=1))
        frame.time_base = _TICK
        made.mux(stream.encode(frame))
    made.mux(stream.encode(None))


def _shown(
    body: bytes, links: Sequence[SegmentLink], boxes: Sequence[BoxAt]
) -> Iterator[tuple[datetime, Image.Image, int]]:
    """Frames of the vehicle's track: when, the picture made small, and the frame's own width."""
    if not boxes or not links:
        return
    begin, end = boxes[0].frame_at - _BESIDE, boxes[-1].frame_at + _BESIDE
    count = 0
    try:
        with av.open(io.BytesIO(body), "r") as container:
            video = container.streams.video[0]
            first: float | None = None
            for frame in container.decode(video):
                if frame.time is None:
                    continue
                first = frame.time if first is None else first
                at = moment_of(links, frame.time - first)
                if not begin <= at <= end:
                    continue
                count += 1
                if count > _MOST_FRAMES:
                    raise ValueError("the vehicle's track has too many frames")
                width = min(_WIDTH, frame.width) // 2 * 2
                height = round(frame.height * width / frame.width) // 2 * 2
                picture = frame.to_image(  # type: ignore[no-untyped-call]  # PyAV's
                    width=width, height=height
                )
                yield at, picture, frame.width
    except (av.FFmpegError, IndexError) as error:
        raise ValueError("no video") from error


def moment_of(links: Sequence[SegmentLink], offset_s: float) -> datetime:
    """When, by the source's clock, a moment of the clip was."""
    rest = offset_s
    for link in links[:-1]:
        lasts = link.duration_ms / 1000
        if rest < lasts:
            return link.captured_at + timedelta(seconds=rest)
        rest -= lasts
    return links[-1].captured_at + timedelta(seconds=rest)


def box_at(boxes: Sequence[BoxAt], at: datetime) -> Box | None:
    """The vehicle's box at a moment, between the two boxes next to it; None where it is not
    known."""
    after = bisect_left(boxes, at, key=lambda each: each.frame_at)
    if after < len(boxes) and boxes[after].frame_at == at:
        return boxes[after].box
    if after in (0, len(boxes)):
        return None
    one, two = boxes[after - 1], boxes[after]
    if two.frame_at - one.frame_at > _GAP:
        return None
    part = (at - one.frame_at) / (two.frame_at - one.frame_at)

    def between(low: float, high: float) -> float:
        return low + (high - low) * part

    return Box(
        x_px=between(one.box.x_px, two.box.x_px),
        y_px=between(one.box.y_px, two.box.y_px),
        width_px=between(one.box.width_px, two.box.width_px),
        height_px=between(one.box.height_px, two.box.height_px),
    )


def _masked(
    picture: Image.Image, background: Image.Image, box: Box | None, scale: float
) -> Image.Image:
    shown = background.copy()
    if box is None:
        return shown
    left, top = box.x_px * scale, (box.y_px + box.height_px * WINDOWS) * scale
    right, bottom = (box.x_px + box.width_px) * scale, (box.y_px + box.height_px) * scale
    # Rounded inwards: a pixel that is partly outside is not shown.
    area = (
        max(0, int(left) + 1),
        max(0, int(top) + 1),
        min(picture.width, int(right)),
        min(picture.height, int(bottom)),
    )
    if area[0] < area[2] and area[1] < area[3]:
        shown.paste(picture.crop(area), area[:2])
        whole = (area[0] - 1, int(box.y_px * scale), area[2], area[3])
        ImageDraw.Draw(shown).rectangle(whole, outline=_OUTLINE, width=1)
    return shown
