"""The structure of PNG (ISO/IEC 15948)."""

import zlib
from collections.abc import Iterator

from payesh.contracts.stills.exif import orientation_of
from payesh.contracts.stills.header import PNG, NotAStill, Orientation, StillHeader, sized

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_END = b"\0\0\0\0IEND\xaeB`\x82"
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Bit depths of each colour type (table 11.1)."""
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PIECE = 1 << 20
_PASSES = (
    (0, 8, 0, 8),
    (0, 8, 4, 8),
    (4, 8, 0, 4),
    (0, 4, 2, 4),
    (2, 4, 0, 2),
    (0, 2, 1, 2),
    (1, 2, 0, 1),
)
"""First row, step of rows, first column, step of columns: the passes of interlacing (8.2)."""
_LAST_FILTER = 4


def png_header(data: bytes) -> StillHeader:
    """Raises NotAStill."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise NotAStill("the PNG has no header chunk")
    depth, kind, interlaced = data[24], data[25], data[28]
    if depth not in _DEPTHS.get(kind, ()) or data[26:28] != b"\0\0" or interlaced > 1:
        raise NotAStill("the PNG's header is broken")
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    orientation: Orientation = 1
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4])
        if data[at + 4 : at + 8] == b"eXIf":
            orientation = orientation_of(data[at + 8 : at + 8 + length])
            break
        at += 12 + length
    return sized(StillHeader(PNG, width, height, orientation))


def mended_png(data: bytes) -> bytes:
    """With its end chunk. Raises NotAStill for a picture that is cut or damaged."""
    pixels, rows = zlib.decompressobj(), _Rows(data)
    last, palette = b"", False
    try:
        for kind, body, sound in _chunks(data):
            if not sound and kind[:1].isupper():
                raise NotAStill("the PNG is damaged: a checksum does not fit")
            last = kind
            palette = palette or kind == b"PLTE"
            while kind == b"IDAT" and body and not pixels.eof:
                rows.take(pixels.decompress(body, _PIECE))
                body = pixels.unconsumed_tail
        while not pixels.eof and (more := pixels.decompress(pixels.unconsumed_tail, _PIECE)):
            rows.take(more)
    except zlib.error:
        raise NotAStill("the PNG is damaged: its data cannot be unpacked") from None
    if not pixels.eof or not rows.whole:
        raise NotAStill("the PNG is cut: a part of the picture is missing")
    if data[25] == 3 and not palette:
        raise NotAStill("the PNG has no palette")
    return data if last == b"IEND" else data[: _whole_chunks_end(data)] + _END


class _Rows:
    """The rows of a picture as they are unpacked; the first byte of each names its filter."""

    def __init__(self, data: bytes) -> None:
        width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
        bits = data[24] * _CHANNELS[data[25]]
        self._spans: list[tuple[int, int]] = []
        """Bytes of a row, and of all rows of its size."""
        for top, down, left, across in _PASSES if data[28] else ((0, 1, 0, 1),):
            count, pixels = -(-(height - top) // down), -(-(width - left) // across)
            if count > 0 and pixels > 0:
                size = 1 + (pixels * bits + 7) // 8
                self._spans.append((size, size * count))
        self._at = 0

    @property
    def whole(self) -> bool:
        return not self._spans

    def take(self, unpacked: bytes) -> None:
        """The next bytes; what comes after the last row is ignored, as decoders do. Raises
        NotAStill for a filter that is none (9.2)."""
        while unpacked and self._spans:
            size, end = self._spans[0]
            piece, unpacked = unpacked[: end - self._at], unpacked[end - self._at :]
            if max(piece[-self._at % size :: size], default=0) > _LAST_FILTER:
                raise NotAStill("the PNG is damaged: a row cannot be decoded")
            self._at += len(piece)
            if self._at == end:
                del self._spans[0]
                self._at = 0


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Kind, body and whether its checksum fits, of each whole chunk up to IEND."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            return
        body = data[at + 8 : end - 4]
        yield kind, body, zlib.crc32(data[at + 4 : end - 4]) == int.from_bytes(data[end - 4 : end])
        if kind == b"IEND":
            return
        at = end


def _whole_chunks_end(data: bytes) -> int:
    at = len(SIGNATURE)
    for _, body, _ in _chunks(data):
        at += 12 + len(body)
    return at
