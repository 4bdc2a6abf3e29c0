"""Top-level boxes of fragmented MP4 (ISO/IEC 14496-12, 4.2): init part and media fragments."""

import struct
from collections.abc import Iterator


class NotFragmented(ValueError):
    """The bytes are not a sequence of whole boxes of a fragmented file."""


def boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of each top-level box. Raises NotFragmented on a cut box."""
    start = 0
    while start < len(data):
        if len(data) - start < 8:
            raise NotFragmented("a box header is cut")
        size, kind, header = int.from_bytes(data[start : start + 4]), data[start + 4 : start + 8], 8
        if size == 1:
            size, header = int.from_bytes(data[start + 8 : start + 16]), 16
        if size < header or start + size > len(data):
            raise NotFragmented(f"box {kind!r} does not fit")
        yield kind, start, start + size
        start += size


def split(data: bytes) -> tuple[bytes, list[bytes]]:
    """Init part (all before the first `moof`) and fragments (each `moof` up to the next one)."""
    cuts = [start for kind, start, _ in boxes(data) if kind == b"moof"]
    if not cuts:
        return data, []
    ends = [*cuts[1:], len(data)]
    return data[: cuts[0]], [data[a:b] for a, b in zip(cuts, ends, strict=True)]


def shown_after(init: bytes, delay_s: float) -> bytes:
    """The init part with an edit list by which showing begins `delay_s` after the first decoding
    time (ISO/IEC 14496-12, 8.6.6). Its one track must not have an edit list yet."""
    if delay_s <= 0:
        return init
    movie = _child(init, 0, len(init), b"moov")
    track = _child(init, movie[0] + 8, movie[1], b"trak")
    header = _child(init, track[0] + 8, track[1], b"tkhd")
    media = _child(init, track[0] + 8, track[1], b"mdia")
    timing = _child(init, media[0] + 8, media[1], b"mdhd")
    scale_at = timing[0] + (28 if init[timing[0] + 8] else 20)  # times of version 1 have 8 bytes
    media_time = round(delay_s * int.from_bytes(init[scale_at : scale_at + 4]))
    entry = struct.pack(">IIQqI", 1 << 24, 1, 0, media_time, 1 << 16)  # version 1, to the end
    edits = _box(b"edts", _box(b"elst", entry))
    changed = bytearray(init)
    for start, _ in (movie, track):
        size = int.from_bytes(init[start : start + 4]) + len(edits)
        changed[start : start + 4] = size.to_bytes(4)
    return bytes(changed[: header[1]] + edits + changed[header[1] :])


def _child(data: bytes, start: int, end: int, wanted: bytes) -> tuple[int, int]:
    for kind, first, last in boxes(data[start:end]):
        if kind == wanted:
            return start + first, start + last
    raise NotFragmented(f"box {wanted!r} is missing")


def _box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4) + kind + body
