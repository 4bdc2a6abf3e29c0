"""Top-level boxes of fragmented MP4 (ISO/IEC 14496-12, 4.2): init part and media fragments."""

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
