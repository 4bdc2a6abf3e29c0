"""What a stream's parameter sets declare: read from a keyframe's bytes, nothing decoded."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import av.error

_START_CODE = b"\x00\x00\x01"
_RAW_FORMATS = {"h264": "h264", "hevc": "hevc"}
_H264_SPS, _HEVC_SPS = 7, 33


@dataclass(frozen=True, slots=True)
class CodedVideo:
    """A video's format, and the PyAV stream from which a muxer takes it.

    `sequence_sets` are its sequence parameter sets (ISO/IEC 14496-10 and 23008-2, 7.3.2);
    `reorder_depth` is the number of frames that may be decoded before one that is shown earlier.
    """

    codec: str
    width_px: int
    height_px: int
    reorder_depth: int
    sequence_sets: frozenset[bytes]
    template: Any
    _container: Any = field(default=None, repr=False, compare=False)


def sequence_sets(codec: str, data: bytes) -> frozenset[bytes]:
    """The sequence parameter sets before the first slice of an Annex B byte stream; none in data
    of another form."""
    if not data.startswith((_START_CODE, b"\x00" + _START_CODE)):
        return frozenset()
    found = set()
    for nal in _nal_units(data):
        if codec == "h264":
            kind = nal[0] & 0x1F
            slices, sps = 1 <= kind <= 5, kind == _H264_SPS
        else:
            kind = nal[0] >> 1 & 0x3F
            slices, sps = kind < 32, kind == _HEVC_SPS
        if slices:
            break
        if sps:
            found.add(nal)
    return frozenset(found)


def announced_video(video: Any) -> CodedVideo | None:
    """The format of a PyAV stream as its session description has it; None without parameter
    sets."""
    context = video.codec_context
    extradata = context.extradata or b""
    if not extradata or not context.width or not context.height:
        return None
    return CodedVideo(
        context.name,
        context.width,
        context.height,
        context.reorder_depth,
        sequence_sets(context.name, extradata),
        video,
    )


def coded_video(codec: str, keyframe: bytes) -> CodedVideo | None:
    """The format of a keyframe in Annex B form that carries its parameter sets; None when they are
    not whole."""
    sets = sequence_sets(codec, keyframe)
    if not sets:
        return None
    try:
        container: Any = av.open(io.BytesIO(keyframe), format=_RAW_FORMATS[codec])
    except (av.error.FFmpegError, OSError):
        return None
    if not container.streams.video:
        return None
    video = container.streams.video[0]
    context = video.codec_context
    if not context.extradata or not context.width or not context.height:
        return None
    return CodedVideo(
        codec, context.width, context.height, context.reorder_depth, sets, video, container
    )


def _nal_units(data: bytes) -> Iterator[bytes]:
    start = data.find(_START_CODE)
    while start >= 0:
        start += len(_START_CODE)
        end = data.find(_START_CODE, start)
        nal = data[start : end if end >= 0 else len(data)].rstrip(b"\x00")
        if nal:
            yield nal
        start = end
