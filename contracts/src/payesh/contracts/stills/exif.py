"""The orientation in EXIF metadata (CIPA DC-008, tag 0x0112)."""

from typing import Literal

from payesh.contracts.stills.header import Orientation

_TAG = 0x0112
_ORIENTATIONS: dict[int, Orientation] = {2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8}


def orientation_of(tiff: bytes) -> Orientation:
    """Of the first directory (TIFF 6.0, section 2); 1 when it cannot be read."""
    order: Literal["little", "big"]
    if tiff[:4] == b"II*\0":
        order = "little"
    elif tiff[:4] == b"MM\0*":
        order = "big"
    else:
        return 1
    at = int.from_bytes(tiff[4:8], order)
    for place in range(int.from_bytes(tiff[at : at + 2], order)):
        entry = tiff[at + 2 + 12 * place : at + 14 + 12 * place]
        if len(entry) < 12:
            break
        if int.from_bytes(entry[:2], order) == _TAG:
            return _ORIENTATIONS.get(int.from_bytes(entry[8:10], order), 1)
    return 1
