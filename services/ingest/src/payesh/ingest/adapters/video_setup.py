"""Parameter sets that replace those of a video's header, and the size that they announce."""

import io
from dataclasses import dataclass
from typing import Any

import av
import av.error

from payesh.ingest.domain.parameter_sets import (
    configured_sets,
    has_start_codes,
    is_independent,
    parameter_sets,
    sequence_sets,
    with_start_codes,
)


class NotAVideo(Exception):
    """The file cannot be used; the text gives its sender the reason."""


@dataclass(frozen=True, slots=True)
class VideoSetup:
    """`extradata` is what goes into the init part: a decoder configuration record, or parameter
    sets with start codes."""

    extradata: bytes
    width_px: int
    height_px: int
    lengths_before: bool
    """The source's units have lengths before them, and these sets have start codes: packets have
    to be brought into the same form."""


class SetupChanges:
    """Follows the parameter sets of one video through its keyframes."""

    def __init__(self, codec: str, extradata: bytes) -> None:
        self.setups: list[VideoSetup | None] = [None]
        """All that were in force so far; None for those of the header."""
        self.header_size: tuple[int, int] | None = None
        """By the header's parameter sets and the first keyframe; None before it. FFmpeg's own is
        that of the last frame that it probed, which may be after a change."""
        self.independent = True
        """Whether the latest keyframe needs nothing before it for what is shown before it."""
        self._codec = codec
        self._lengths = not has_start_codes(extradata)
        self._readable = not self._lengths or _length_bytes(codec, extradata) == 4
        self._header_sets = configured_sets(extradata, codec)
        self._known = sequence_sets(self._header_sets, codec)

    def judge(self, packet: Any) -> None:
        """Add another setup if a keyframe brings other sequence parameter sets, in itself or in the
        container's description of it."""
        described = b""
        if packet.has_sidedata("new_extradata"):
            described = bytes(packet.get_sidedata("new_extradata"))
        if not self._readable and not described:
            return
        data = with_start_codes(bytes(packet)) if self._lengths else bytes(packet)
        self.independent = is_independent(data, self._codec)
        if self.header_size is None and self._header_sets:
            self.header_size = announced_size(self._codec, self._header_sets, data)
        inside = parameter_sets(data, self._codec)
        sets = inside or configured_sets(described, self._codec)
        found = sequence_sets(sets, self._codec)
        if not found or found <= self._known:
            return
        changed, self._known = bool(self._known), found
        size = announced_size(self._codec, sets, data)
        if changed and size is not None:
            lengths = self._lengths and bool(inside)
            self.setups.append(VideoSetup(inside or described, *size, lengths))


def announced_size(codec: str, sets: bytes, keyframe: bytes) -> tuple[int, int] | None:
    """Width and height by parameter sets and a keyframe after them, all with start codes; None
    when they cannot be read."""
    try:
        container: Any = av.open(io.BytesIO(sets + keyframe), format=codec)
        with container:
            context = container.streams.video[0].codec_context
            return (context.width, context.height) if context.width and context.height else None
    except av.error.FFmpegError:
        return None


def _length_bytes(codec: str, record: bytes) -> int:
    """Bytes of the length before each unit, by a decoder configuration record."""
    at = 4 if codec == "h264" else 21
    return (record[at] & 3) + 1 if len(record) > at else 0
