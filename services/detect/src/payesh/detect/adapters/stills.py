"""Decoding of stills; the size is known before a single pixel is unpacked."""

import cv2
import numpy as np

from payesh.contracts.stills import (
    NotAStill,
    Orientation,
    StillHeader,
    mended_still,
    read_still_header,
)
from payesh.detect.frames import LARGEST_PIXELS, Bytes
from payesh.kit.errors import MessageFault


def decode_still(body: bytes) -> Bytes:
    """(h, w, 3) BGR, upright by its EXIF orientation.

    Raises MessageFault: neither JPEG nor PNG, over 40 megapixels by its header, or damaged.
    """
    header = _header(body)
    if header.pixels > LARGEST_PIXELS:
        raise MessageFault(
            f"still of {header.coded_width_px} x {header.coded_height_px} pixels is too large",
            retry=False,
        )
    try:
        whole = mended_still(body)
    except NotAStill as error:
        raise MessageFault(f"still does not decode: {error}", retry=False) from error
    # The orientation is turned here: both sides have to read it alike.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    image = cv2.imdecode(np.frombuffer(whole, dtype=np.uint8), flags)
    if image is None or image.size == 0:
        raise MessageFault("still does not decode", retry=False)
    return _upright(np.asarray(image, dtype=np.uint8), header.orientation)


def size_of(body: bytes) -> tuple[int, int]:
    """Width and height of the upright picture, by its header. Raises MessageFault when it is no
    still."""
    header = _header(body)
    return header.width_px, header.height_px


def _header(body: bytes) -> StillHeader:
    try:
        return read_still_header(body)
    except NotAStill as error:
        raise MessageFault(f"not a still: {error}", retry=False) from error


def _upright(image: Bytes, orientation: Orientation) -> Bytes:
    """EXIF counts: 2 mirrored, 3 upside down, 4 mirrored upside down; 5 to 8 lie on their side."""
    if orientation >= 5:
        image = image.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)
