"""Sequence parameter sets among the NAL units of H.264 and HEVC packets.

ISO/IEC 14496-10 (7.3.1, annex B) and 23008-2 (7.3.1.2, annex B); with a length before each unit
as in ISO/IEC 14496-15.
"""

from collections.abc import Iterator

_START = b"\x00\x00\x01"
_LENGTH_BYTES = 4


def nal_units(data: bytes) -> Iterator[bytes]:
    """Units of a packet with start codes.

    >>> list(nal_units(bytes.fromhex("00000001 67aa 000001 65bb")))
    [b'g\\xaa', b'e\\xbb']
    """
    at = data.find(_START)
    while at >= 0:
        following = data.find(_START, at + 3)
        yield data[at + 3 :] if following < 0 else data[at + 3 : following].rstrip(b"\x00")
        at = following


def has_start_codes(description: bytes) -> bool:
    """Whether a video described so has start codes, and no lengths, before its units. Only the
    description shows it: a length may look like a start code."""
    return not description or description.startswith((_START, b"\x00" + _START))


def with_start_codes(data: bytes) -> bytes:
    """Units that have their lengths in 4 bytes before them, with start codes instead.

    >>> with_start_codes(bytes.fromhex("00000002 67aa 00000002 65bb")).hex()
    '0000000167aa0000000165bb'
    """
    found, at = [], 0
    while at + _LENGTH_BYTES < len(data):
        end = at + _LENGTH_BYTES + int.from_bytes(data[at : at + _LENGTH_BYTES])
        found.append(b"\x00" + _START + data[at + _LENGTH_BYTES : end])
        at = end
    return b"".join(found)


def parameter_sets(data: bytes, codec: str) -> bytes:
    """The parameter sets before a packet's first picture, with start codes; empty when there is no
    sequence parameter set among them.

    >>> parameter_sets(bytes.fromhex("00000001 67aa 00000001 68cc 000001 65bb"), "h264").hex()
    '0000000167aa0000000168cc'
    """
    found: list[bytes] = []
    sequence = False
    for unit in nal_units(data):
        kind = _kind(unit, codec)
        if kind is None:
            break
        if kind:
            found.append(unit)
            sequence = sequence or kind == "sequence"
    return b"".join(b"\x00" + _START + unit for unit in found) if sequence else b""


def sequence_sets(sets: bytes, codec: str) -> frozenset[bytes]:
    """The sequence parameter sets among `parameter_sets`: they hold the size of the picture."""
    return frozenset(unit for unit in nal_units(sets) if _kind(unit, codec) == "sequence")


def configured_sets(extradata: bytes, codec: str) -> bytes:
    """The parameter sets of a decoder configuration record (ISO/IEC 14496-15, 5.3.3 and 8.3.3), or
    of a description with start codes, with start codes; empty when there are none."""
    if has_start_codes(extradata):
        return parameter_sets(extradata, codec)
    try:
        units = _avc_units(extradata) if codec == "h264" else _hevc_units(extradata)
    except IndexError:
        return b""
    return b"".join(b"\x00" + _START + unit for unit in units)


def is_independent(keyframe: bytes, codec: str) -> bool:
    """Whether frames after an HEVC keyframe that are shown before it decode without what came
    earlier. H.264 has none such after an IDR picture, and those of an open group do not."""
    if codec == "h264":
        return False
    kinds = (unit[0] >> 1 & 0x3F for unit in nal_units(keyframe) if unit)
    return next((kind in (19, 20) for kind in kinds if kind < 32), False)


def _avc_units(record: bytes) -> list[bytes]:
    units, at = [], 5
    for mask in (0x1F, 0xFF):
        count, at = record[at] & mask, at + 1
        for _ in range(count):
            size = record[at] << 8 | record[at + 1]
            units.append(record[at + 2 : at + 2 + size])
            at += 2 + size
    return units


def _hevc_units(record: bytes) -> list[bytes]:
    units, at = [], 23
    for _ in range(record[22]):
        count, at = record[at + 1] << 8 | record[at + 2], at + 3
        for _ in range(count):
            size = record[at] << 8 | record[at + 1]
            units.append(record[at + 2 : at + 2 + size])
            at += 2 + size
    return units


def _kind(unit: bytes, codec: str) -> str | None:
    """`sequence`, `other` for further parameter sets, empty for what may stand among them, None
    for a picture."""
    if not unit:
        return ""
    if codec == "h264":
        number = unit[0] & 0x1F
        if 1 <= number <= 5:
            return None
        return {7: "sequence", 8: "other", 13: "other"}.get(number, "")
    number = unit[0] >> 1 & 0x3F
    if number < 32:
        return None
    return {33: "sequence", 32: "other", 34: "other"}.get(number, "")
