"""Decoding of crops, bounded: a file in the store may be any picture, or none."""

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.kit.errors import MessageFault

MAXIMUM_PIXELS = 40_000_000


def decode_picture(content: bytes) -> NDArray[np.uint8]:
    """Pixels (H, W, 3), BGR, of a JPEG or PNG.

    Raises MessageFault for a file that is no picture or has more than 40 million pixels; the size
    is read from the header, before anything is unpacked.
    """
    width, height = _announced_size(content)
    if width * height > MAXIMUM_PIXELS:
        raise MessageFault(f"picture of {width}x{height} pixels is too large", retry=False)
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise MessageFault("crop is not a picture", retry=False)
    return np.asarray(picture, np.uint8)


def _announced_size(content: bytes) -> tuple[int, int]:
    """Width and height from a JPEG's frame header (ITU-T T.81, B.2.2) or a PNG's IHDR."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    if content.startswith(b"\xff\xd8"):
        place = 2
        while place + 9 <= len(content) and content[place] == 0xFF:
            marker = content[place + 1]
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                height, width = content[place + 5 : place + 7], content[place + 7 : place + 9]
                return int.from_bytes(width), int.from_bytes(height)
            if marker == 0xFF:  # fill byte
                place += 1
                continue
            place += 2 + int.from_bytes(content[place + 2 : place + 4])
    raise MessageFault("crop is neither JPEG nor PNG", retry=False)
