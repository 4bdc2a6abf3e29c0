"""Stills: bombs and damage are refused by their header, and no plate is lost."""

import struct

import cv2
import numpy as np
import pytest

from payesh.detect.adapters.stills import decode_still, size_of
from payesh.kit.errors import MessageFault


def _jpeg(width: int = 320, height: int = 200) -> bytes:
    image = np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return bytes(cv2.imencode(".jpg", image)[1].tobytes())


def test_a_photo_decodes_with_the_size_of_its_header() -> None:
    body = _jpeg()
    assert size_of(body) == (320, 200)
    assert decode_still(body).shape == (200, 320, 3)


def test_two_hundred_megapixels_are_refused_before_unpacking() -> None:
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 20_000, 10_000)
    with pytest.raises(MessageFault, match="too large"):
        decode_still(header + b"\x08\x02\x00\x00\x00" + b"\x00" * 64)


@pytest.mark.parametrize(
    "body", [b"", b"GIF89a....", b"\xff\xd8\xff\xe0", _jpeg()[:200], b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_whole_photo_is_a_fault_of_the_message(body: bytes) -> None:
    with pytest.raises(MessageFault):
        decode_still(body)
