"""The structure of JPEG (ITU-T T.81). What libjpeg refuses altogether is refused here."""

import re
from collections.abc import Iterator

from payesh.contracts.stills.exif import orientation_of
from payesh.contracts.stills.header import JPEG, NotAStill, Orientation, StillHeader, sized

_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_OTHER_FRAMES = {
    0xC3: "lossless", 0xC5: "hierarchical", 0xC6: "hierarchical", 0xC7: "hierarchical",
    0xC9: "arithmetically coded", 0xCA: "arithmetically coded", 0xCB: "arithmetically coded",
    0xCD: "hierarchical", 0xCE: "hierarchical", 0xCF: "hierarchical",
}  # fmt: skip
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length: TEM and restarts."""
_PROGRESSIVE = 0xC2
_DHT, _SOS, _EOI, _APP1 = 0xC4, 0xDA, 0xD9, 0xE1
_DECODING = frozenset({_DHT, 0xDB, 0xDD, 0xEE, _SOS, _EOI, *_FRAMES})
"""Segments that decoding needs: tables, restart interval, Adobe's transform, frame and scans."""
_NEXT_MARKER = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")
_LAST_BIT = 13
_END = b"\xff\xd9"


def jpeg_header(data: bytes) -> StillHeader:
    """Raises NotAStill."""
    orientation: Orientation = 1
    for marker, start, end in _segments(data):
        if marker == _APP1 and orientation == 1 and data[start + 2 : start + 8] == b"Exif\0\0":
            orientation = orientation_of(data[start + 8 : end])
        elif marker in _OTHER_FRAMES:
            raise NotAStill(f"{_OTHER_FRAMES[marker]} JPEG is not accepted")
        elif marker in _FRAMES:
            return _jpeg_frame(data[start + 2 : end], orientation)
        elif marker in (_SOS, _EOI):
            break
    raise NotAStill("the JPEG names no size")


def mended_jpeg(data: bytes) -> bytes:
    """With its end marker. Raises NotAStill for a picture that is cut between two segments, or
    whose tables or scans cannot be used."""
    missing: dict[int, set[int]] = {}
    tables: set[int] = set()
    progressive = ended = False
    for marker, start, end in _segments(data):
        body = data[start + 2 : end]
        if marker in _FRAMES:
            if missing:
                raise NotAStill("the JPEG is damaged: it has two frame headers")
            progressive = marker == _PROGRESSIVE
            ids = (body[6 + 3 * place] for place in range(body[5]))
            # A progressive picture is whole when every coefficient came to its last bit (G.1.2).
            missing = {name: set(range(64)) if progressive else {0} for name in ids}
        elif marker == _DHT:
            tables |= _huffman_tables(body)
        elif marker == _SOS:
            if body and int.from_bytes(data[start : start + 2]) != 6 + 2 * body[0]:
                raise NotAStill("the JPEG is damaged: a scan header is cut")
            _check_scan(body, missing, tables, progressive=progressive)
            for name, coefficients in _last_bits(body, progressive=progressive):
                missing[name].difference_update(coefficients)
        ended = ended or marker == _EOI
    if not missing or any(missing.values()):
        raise NotAStill("the JPEG is cut: a part of the picture is missing")
    return data if ended else data.removesuffix(b"\xff") + _END


def bare_jpeg(data: bytes) -> bytes:
    """The segments of a JPEG that decoding needs: no comments, no thumbnails, no metadata."""
    parts = [b"\xff\xd8"]
    for marker, start, end in _segments(data):
        if marker in _DECODING:
            parts.append(b"\xff" + bytes((marker,)) + data[start:end])
    return b"".join(parts)


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment after SOI, up to EOI. A scan goes on to the next marker
    or to the end of the data. Raises NotAStill."""
    at, scanned = 2, False
    while at + 2 <= len(data):
        if data[at] != 0xFF:
            if not scanned:
                raise NotAStill("the JPEG's markers are broken")
            at = _next_marker(data, at)
            continue
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _ALONE:
            at += 2
            continue
        if marker == _EOI:
            yield marker, at + 2, at + 2
            return
        if marker < 0xC0 or marker in (0xC8, 0xD8) or (marker in _OTHER_FRAMES and scanned):
            raise NotAStill("the JPEG is damaged: it has a marker that means nothing")
        start = at + 2
        length = int.from_bytes(data[start : start + 2])
        at = start + length
        if length < 2 or at > len(data):
            raise NotAStill("the JPEG is cut or its markers are broken")
        if marker == _SOS:
            scanned = True
            at = _next_marker(data, at)
        yield marker, start, at


def _next_marker(data: bytes, at: int) -> int:
    found = _NEXT_MARKER.search(data, at)
    return len(data) if found is None else found.end() - 2


def _huffman_tables(body: bytes) -> set[int]:
    """Class and number of each table. Codes must fit into their lengths (C.2), and the lengths of
    DC differences into 16 bits. Raises NotAStill."""
    at, found = 0, set[int]()
    while at < len(body):
        kind, counts = body[at], body[at + 1 : at + 17]
        symbols = body[at + 17 : at + 17 + sum(counts)]
        code = 0
        for bits, count in enumerate(counts, start=1):
            code = (code << 1) + count
            if code > 1 << bits:
                raise NotAStill("the JPEG is damaged: a Huffman table is impossible")
        sound = len(counts) == 16 and len(symbols) == sum(counts) <= 256 and kind & 0xEF <= 3
        if not sound or (kind < 0x10 and any(symbol > 15 for symbol in symbols)):
            raise NotAStill("the JPEG is damaged: a Huffman table is impossible")
        found.add(kind)
        at += 17 + len(symbols)
    return found


def _check_scan(
    scan: bytes, missing: dict[int, set[int]], tables: set[int], *, progressive: bool
) -> None:
    """A scan names components of the frame once each, in its order, and tables that are there
    (B.2.3); a progressive one brings bits that are due (G.1.1.1). Raises NotAStill."""
    count = scan[0] if scan else 0
    if not 1 <= count <= 4 or len(scan) < 4 + 2 * count:
        raise NotAStill("the JPEG is damaged: a scan header is cut")
    first, last, bits = scan[1 + 2 * count : 4 + 2 * count]
    high, low = bits >> 4, bits & 0x0F
    sound = True
    if progressive:
        sound = first <= last < 64 and (last == 0 if first == 0 else count == 1)
        sound = sound and low <= _LAST_BIT and high in (0, low + 1)
    names = [scan[1 + 2 * place] for place in range(count)]
    sound = sound and [name for name in missing if name in names] == names
    for place in range(count):
        chosen = scan[2 + 2 * place]
        needed = set[int]()
        if first == 0 and high == 0:
            needed.add(chosen >> 4)
        if last > 0:
            needed.add(0x10 | chosen & 0x0F)
        # A still from a motion JPEG stream may leave all of its tables to the standard.
        sound = sound and (not tables or needed <= tables)
    if not sound:
        raise NotAStill("the JPEG is damaged: a scan is impossible")


def _last_bits(scan: bytes, *, progressive: bool) -> Iterator[tuple[int, range]]:
    """Components, and which of their coefficients come to their last bit with this scan."""
    count = scan[0]
    first, last, bits = scan[1 + 2 * count : 4 + 2 * count]
    for place in range(count):
        if bits & 0x0F == 0 or not progressive:
            yield scan[1 + 2 * place], range(first, last + 1) if progressive else range(1)


def _jpeg_frame(frame: bytes, orientation: Orientation) -> StillHeader:
    if len(frame) < 6 or len(frame) < 6 + 3 * frame[5]:
        raise NotAStill("the JPEG's frame header is cut")
    if frame[0] != 8:
        raise NotAStill(f"JPEG of {frame[0]} bits a sample is not accepted")
    if frame[5] not in (1, 3, 4):
        raise NotAStill(f"JPEG of {frame[5]} components is not accepted")
    factors = [frame[7 + 3 * place] for place in range(frame[5])]
    if any(not (1 <= factor >> 4 <= 4 and 1 <= factor & 0x0F <= 4) for factor in factors):
        raise NotAStill("the JPEG is damaged: its sampling is impossible")
    height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    if height == 0:
        raise NotAStill("JPEG that names its height after its picture is not accepted")
    return sized(StillHeader(JPEG, width, height, orientation))
