"""What a stream's parameter sets declare: read from a keyframe's bytes, nothing decoded."""

import io
from dataclasses import dataclass, field
from typing import Any

import av
import av.error

from payesh.ingest.domain.parameter_sets import (
    has_start_codes,
    parameter_sets,
    sequence_sets,
)


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


def declared_sets(codec: str, data: bytes) -> frozenset[bytes]:
    """The sequence parameter sets before the first slice of an Annex B byte stream; none in data
    of another form."""
    if not data or not has_start_codes(data):
        return frozenset()
    return sequence_sets(parameter_sets(data, codec), codec)


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
        declared_sets(context.name, extradata),
        video,
    )


def coded_video(codec: str, keyframe: bytes) -> CodedVideo | None:
    """The format of a keyframe in Annex B form that carries its parameter sets; None when they are
    not whole."""
    sets = declared_sets(codec, keyframe)
    if not sets:
        return None
    try:
        container: Any = av.open(io.BytesIO(keyframe), format=codec)
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
