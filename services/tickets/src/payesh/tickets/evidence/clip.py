"""Which parts of a stream make the clip, and its codec by the MP4 init part."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

Part = TypeVar("Part")

_CODECS = {
    b"avc1": "h264",
    b"avc3": "h264",
    b"hvc1": "hevc",
    b"hev1": "hevc",
    b"av01": "av1",
    b"vp09": "vp9",
}
PLAYABLE_CODECS = frozenset({"h264", "av1", "vp9"})
"""What browsers play; HEVC they play on some devices only."""


def last_run(
    parts: Sequence[Part],
    *,
    stream_and_init: Callable[[Part], Hashable],
    sequence: Callable[[Part], int],
) -> Sequence[Part]:
    """The unbroken run that ends in the last part: one stream, one init, no sequence left out.

    A clip must not span two inits, and the offence is in the last part.
    """
    start = len(parts) - 1
    while start > 0:
        earlier, later = parts[start - 1], parts[start]
        if stream_and_init(earlier) != stream_and_init(later):
            break
        if sequence(earlier) + 1 != sequence(later):
            break
        start -= 1
    return parts[start:]


def within_size(
    parts: Sequence[Part], *, size_bytes: Callable[[Part], int], limit_bytes: int
) -> Sequence[Part]:
    """The last parts that fit; at least one. Each starts with a keyframe, so the rest plays."""
    kept, total = 1, size_bytes(parts[-1])
    for part in reversed(parts[:-1]):
        total += size_bytes(part)
        if total > limit_bytes:
            break
        kept += 1
    return parts[len(parts) - kept :]


def codec_of(init: bytes) -> str | None:
    """The video codec by the sample entry of an init part (ISO/IEC 14496-12), None if unknown."""
    description = init.find(b"stsd")
    if description < 0:
        return None
    # After the box type: version and flags (4), count (4), size of the first entry (4).
    entry = init[description + 16 : description + 20]
    return _CODECS.get(entry)
