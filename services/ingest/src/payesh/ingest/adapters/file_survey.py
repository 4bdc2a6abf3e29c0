"""What an uploaded file holds: its video, and the times and kinds of all of its packets."""

import math
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import av
import av.error
import numpy as np

from payesh.ingest.adapters.rtsp import ACCEPTED_CODECS
from payesh.ingest.adapters.video_setup import NotAVideo, SetupChanges, VideoSetup
from payesh.ingest.domain.file_times import SurveyedPackets, Ticks
from payesh.kit.faults import dependency_fault

# What an uploaded file may be. A playlist or a script would make FFmpeg open what it names.
_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,h264,hevc"
_WITHOUT_TIMES = frozenset({"h264", "hevc"})
_WITHOUT_ORDER = _WITHOUT_TIMES | {"avi"}
"""Containers that do not carry when a frame is shown, only in which order frames are decoded."""
_COUNTED_FROM_ZERO = frozenset({"matroska,webm", "asf"})
"""Containers whose length is the time at which they end, wherever they begin."""
_WRAPPING = frozenset({"mpegts", "mpeg"})
_WRAPS_AT = 1 << 33
"""Ticks after which times begin anew (ISO/IEC 13818-1, 2.4.3.7): a jump back reads as one forward
by almost as much."""
_USUAL_RATE = 25
_MOST_UNDECODED = 250
_NONE = -(2**63)
Quarter = Literal[0, 90, 180, 270]
_QUARTERS: dict[int, Quarter] = {90: 90, 180: 180, 270: 270}


@dataclass(frozen=True, slots=True)
class FileSurvey:
    """`setups` are the parameter sets by number: None for those of the file's header. `read_s` is
    how much of `promised_s` is there. `has_times`: the container carries times; of a jump by more
    than `farthest_jump` ticks they do not show the direction."""

    packets: SurveyedPackets
    codec: str
    width_px: int
    height_px: int
    rotation_deg: Quarter
    setups: list[VideoSetup | None]
    tick_s: float
    nominal_step: int
    promised_s: float
    read_s: float
    has_times: bool
    farthest_jump: float
    warnings: list[str]


@contextmanager
def opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """The container and its first video that is accepted. Raises NotAVideo."""
    try:
        container: Any = av.open(
            str(path),
            options={"format_whitelist": _DEMUXERS, "protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, OSError) as error:
        if dependency_fault(error) is not None:  # no descriptor left: not the file's fault
            raise
        raise NotAVideo(f"not a video that can be read ({_reason(error)})") from None
    with container:
        yield container, _accepted_video(container)


def container_packets(
    container: Any, video: Any, warn: Callable[[str], None] = lambda text: None
) -> Iterator[Any]:
    """Whole packets; what a truncated or broken file gives instead ends the video there."""
    try:
        for packet in container.demux(video):
            if not packet.size:
                continue
            if packet.is_corrupt:
                warn("damaged: a part could not be read")
                continue
            yield packet
    except av.error.FFmpegError as error:
        warn(f"damaged: reading ended early ({_reason(error)})")


def survey_file(path: Path, stopping: Callable[[], bool]) -> FileSurvey:
    """Raises NotAVideo, InterruptedError when `stopping`."""
    warnings: list[str] = []
    pts, dts, setup_of = array("q"), array("q"), array("q")
    keyframes, independent, hidden = bytearray(), bytearray(), bytearray()

    def warn(text: str) -> None:
        if text not in warnings:
            warnings.append(text)

    with opened(path) as (container, video):
        context, kind = video.codec_context, container.format.name
        tick_s = float(video.time_base)
        rate = float(video.guessed_rate or video.average_rate or _USUAL_RATE)
        step = max(1, round(1 / rate / tick_s))
        extradata = bytes(context.extradata or b"")
        changes = SetupChanges(context.name, extradata)
        for packet in container_packets(container, video, warn):
            if stopping():
                raise InterruptedError
            if packet.is_keyframe:
                changes.judge(packet)
            pts.append(_NONE if packet.pts is None else packet.pts)
            dts.append(_NONE if packet.dts is None else packet.dts)
            keyframes.append(packet.is_keyframe)
            independent.append(packet.is_keyframe and changes.independent)
            hidden.append(packet.is_discard)
            setup_of.append(len(changes.setups) - 1)
        probed = context.width, context.height
        size = changes.header_size or probed
        if size != probed:
            changes.setups[0] = VideoSetup(extradata, size[0], size[1], lengths_before=False)
        promised_s = _promised_s(container, video)
        reorders, codec = context.reorder_depth > 0, context.name
    if not pts:
        raise NotAVideo("the file has no frame that can be read")
    times = np.frombuffer(pts, np.int64).copy()
    lacking = kind in _WITHOUT_ORDER or bool((times == _NONE).any())
    # Frames that are reordered and have increasing times may have those of decoding (ASF).
    if lacking or (reorders and _increase(times)):
        decoding = _filled(dts if kind in _WITHOUT_ORDER or reorders else pts, step)
        shown = _as_shown(path, decoding, stopping) if reorders else decoding
        times = shown if lacking or not _increase(shown) else times
    if kind in _COUNTED_FROM_ZERO:
        promised_s -= max(0.0, float(times.min()) * tick_s)
    if kind in _WITHOUT_TIMES:
        warn(f"the file carries no times: its frames are counted at {rate:g} a second")
    read_s = float(times.max() - times.min() + step) * tick_s
    return FileSurvey(
        SurveyedPackets(
            times,
            np.frombuffer(keyframes, np.uint8).astype(np.bool_),
            np.frombuffer(independent, np.uint8).astype(np.bool_),
            np.frombuffer(hidden, np.uint8).astype(np.bool_),
            np.frombuffer(setup_of, np.int64),
        ),
        codec,
        size[0],
        size[1],
        _rotation_deg(path),
        changes.setups,
        tick_s,
        step,
        promised_s,
        read_s,
        kind not in _WITHOUT_TIMES,
        _WRAPS_AT / 2 if kind in _WRAPPING else math.inf,
        warnings,
    )


def _accepted_video(container: Any) -> Any:
    """The first video of an accepted codec: a thumbnail may come before it."""
    if not container.streams.video:
        raise NotAVideo("the file has no video")
    named = [
        (video, "unknown" if video.codec_context is None else video.codec_context.name)
        for video in container.streams.video
    ]
    video = next((video for video, codec in named if codec in ACCEPTED_CODECS), None)
    if video is None:
        accepted = ", ".join(sorted(ACCEPTED_CODECS))
        codecs = ", ".join(codec for _, codec in named[:4])
        raise NotAVideo(f"codec {codecs} is not accepted; accepted are {accepted}")
    width_px, height_px = video.codec_context.width, video.codec_context.height
    if not 16 <= width_px <= 16384 or not 16 <= height_px <= 16384:
        raise NotAVideo(f"a picture of {width_px} by {height_px} is not accepted")
    return video


def _promised_s(container: Any, video: Any) -> float:
    """How long the file claims to be. The container's own length knows of edit lists."""
    lengths_s = [int(video.duration or 0) * float(video.time_base)]
    lengths_s.append(int(container.duration or 0) / 1e6)
    return min((length_s for length_s in lengths_s if length_s), default=0.0)


def _increase(times: Ticks) -> bool:
    return bool((np.diff(times) > 0).all())


def _filled(times: "array[int]", step: int) -> Ticks:
    """Decoding times; a missing one follows the one before by the usual step."""
    filled = np.frombuffer(times, np.int64).copy()
    former = -step
    for place in np.flatnonzero(filled == _NONE).tolist():
        former = int(filled[place - 1]) if place else -step
        filled[place] = former + step
    return filled


def _as_shown(path: Path, decoding: Ticks, stopping: Callable[[], bool]) -> Ticks:
    """Presentation times: the decoding times, given to the frames in the order in which a decoder
    shows them. A frame that does not decode keeps its decoding time."""
    order: list[int] = []
    with opened(path) as (container, video):
        video.codec_context.copy_opaque = True
        for index, packet in enumerate(container_packets(container, video)):
            if stopping():
                raise InterruptedError
            packet.opaque = index
            order += _shown(video.codec_context, packet)
        order += _shown(video.codec_context, None)
    places = np.array(list(dict.fromkeys(order)), np.int64)
    shown = decoding.copy()
    shown[places] = np.sort(decoding[places])
    return shown


def _shown(context: Any, packet: Any) -> list[int]:
    try:
        return [frame.opaque for frame in context.decode(packet) if frame.opaque is not None]
    except av.error.FFmpegError:
        return []


def _rotation_deg(path: Path) -> Quarter:
    """Clockwise turn by which the file's pictures become upright, to the nearest quarter. Raises
    NotAVideo for mirrored ones: a plate cannot be read, and lanes change sides."""
    with opened(path) as (container, video):
        for number, packet in enumerate(container_packets(container, video)):
            try:
                for frame in packet.decode():
                    if _is_mirrored(frame):
                        raise NotAVideo("the file's pictures are to be shown mirrored")
                    # FFmpeg counts counterclockwise.
                    quarters = round(-int(frame.rotation) / 90) % 4
                    return _QUARTERS.get(90 * quarters, 0)
            except av.error.FFmpegError:
                continue
            if number > _MOST_UNDECODED:
                break
    return 0


def _is_mirrored(frame: Any) -> bool:
    """By its display matrix (ISO/IEC 14496-12, 8.3.2), three rows of three."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return False
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].astype(float)
    return bool(a * d < b * c)


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
