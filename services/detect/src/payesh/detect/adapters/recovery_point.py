"""Keyframes of H.264 that are none by themselves: recovery points of a gradual refresh."""

from collections.abc import Iterator

_IDR, _SEI, _RECOVERY_POINT = 5, 6, 6


def refreshes_gradually(keyframe: bytes) -> bool:
    """Whether pictures are whole only some frames after this one, whose units have their lengths in
    4 bytes before them (ISO/IEC 14496-10, D.1.8: `recovery_frame_cnt` above zero).

    >>> refreshes_gradually(bytes.fromhex("00000006 06060204f180 00000002 419b"))
    True
    >>> refreshes_gradually(bytes.fromhex("00000005 06060184 80 00000002 419b"))
    False
    """
    units = list(_units(keyframe))
    if any(unit[0] & 0x1F == _IDR for unit in units):
        return False
    return any(
        kind == _RECOVERY_POINT and body[:1] < b"\x80"
        for unit in units
        if unit[0] & 0x1F == _SEI
        for kind, body in _messages(unit[1:])
        if body
    )


def _units(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 4 < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4])
        if end > at + 4:  # damage, or a source's doubled start code, makes empty ones
            yield data[at + 4 : end]
        at = end


def _messages(sei: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each message (7.3.2.3.1); the last byte holds the trailing bits."""
    at = 0
    while at + 2 < len(sei):
        numbers = []
        for _ in range(2):
            number = 0
            while at < len(sei) and sei[at] == 0xFF:
                number, at = number + 255, at + 1
            numbers.append(number + (sei[at] if at < len(sei) else 0))
            at += 1
        kind, size = numbers
        yield kind, sei[at : at + size]
        at += size
