"""Decoding of stills; the size is known before a single pixel is unpacked."""

import cv2
import numpy as np

from payesh.detect.frames import LARGEST_PIXELS, Bytes
from payesh.kit.errors import MessageFault

_JPEG_SIZE_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def decode_still(body: bytes) -> Bytes:
    """(h, w, 3) BGR, upright by its EXIF orientation.

    Raises MessageFault: neither JPEG nor PNG, over 40 megapixels by its header, or damaged.
    """
    width, height = size_of(body)
    if width * height > LARGEST_PIXELS:
        raise MessageFault(f"still of {width} x {height} pixels is too large", retry=False)
    image = None
    if width and height:
        image = cv2.imdecode(np.frombuffer(body, dtype=np.uint8), cv2.IMREAD_COLOR)
    if image is None or image.size == 0:
        raise MessageFault("still does not decode", retry=False)
    return np.asarray(image, dtype=np.uint8)


def size_of(body: bytes) -> tuple[int, int]:
    """Width and height as the header states them (ISO 10918-1 SOFn, ISO 15948 IHDR).

    Raises MessageFault when it is neither JPEG nor PNG, or ends within its header.
    """
    if body[:8] == b"\x89PNG\r\n\x1a\n" and len(body) >= 24:
        return int.from_bytes(body[16:20], "big"), int.from_bytes(body[20:24], "big")
    if body[:2] == b"\xff\xd8":
        offset = 2
        while offset + 9 <= len(body):
            if body[offset] != 0xFF:
                break
            marker = body[offset + 1]
            if marker == 0xFF:
                offset += 1
                continue
            if marker in _JPEG_SIZE_MARKERS:
                height = int.from_bytes(body[offset + 5 : offset + 7], "big")
                return int.from_bytes(body[offset + 7 : offset + 9], "big"), height
            offset += 2 + int.from_bytes(body[offset + 2 : offset + 4], "big")
    raise MessageFault("still is neither JPEG nor PNG, or damaged", retry=False)
