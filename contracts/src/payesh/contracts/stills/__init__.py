"""What a still may be: the structure of JPEG and PNG, read without decoding a pixel.

One judgement for the service that keeps stills and for those that decode them. Each has a decoder
of its own, which this package knows nothing of.
"""

from payesh.contracts.stills.header import JPEG, PNG, NotAStill, Orientation, StillHeader
from payesh.contracts.stills.jpeg import bare_jpeg, jpeg_header, mended_jpeg
from payesh.contracts.stills.png import SIGNATURE, mended_png, png_header

__all__ = [
    "JPEG",
    "PNG",
    "NotAStill",
    "Orientation",
    "StillHeader",
    "bare_jpeg",
    "mended_still",
    "read_still_header",
]


def read_still_header(data: bytes) -> StillHeader:
    """Kind, size and orientation; nothing is unpacked. Raises NotAStill."""
    if data.startswith(SIGNATURE):
        return png_header(data)
    if data.startswith(b"\xff\xd8\xff"):
        return jpeg_header(data)
    raise NotAStill("the image is neither JPEG nor PNG")


def mended_still(data: bytes) -> bytes:
    """The still with its end marker, where only that is missing. Raises NotAStill for one that is
    cut or damaged as far as its structure shows it; entropy-coded data of JPEG is not looked at."""
    return mended_png(data) if data.startswith(SIGNATURE) else mended_jpeg(data)
