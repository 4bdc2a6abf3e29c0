"""Size of a JPEG or PNG from its header alone, so that a bomb is refused before it is decoded."""

from dataclasses import dataclass

_PNG = b"\x89PNG\r\n\x1a\n"
# Start of frame markers that carry dimensions (ITU-T T.81, table B.1); C4, C8, CC are others.
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})


class NotAnImage(ValueError):
    """Neither JPEG nor PNG, or its header is broken."""


@dataclass(frozen=True)
class ImageHeader:
    media_type: str
    suffix: str
    width_px: int
    height_px: int

    @property
    def pixels(self) -> int:
        return self.width_px * self.height_px


def read_image_header(data: bytes) -> ImageHeader:
    """Raises NotAnImage."""
    if data.startswith(_PNG):
        return _png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    raise NotAnImage("the image is neither JPEG nor PNG")


def _png(data: bytes) -> ImageHeader:
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise NotAnImage("the PNG has no header chunk")
    return _checked("image/png", "png", int.from_bytes(data[16:20]), int.from_bytes(data[20:24]))


def _jpeg(data: bytes) -> ImageHeader:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise NotAnImage("the JPEG's markers are broken")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAME_MARKERS:
            if at + 9 > len(data):
                break
            height, width = (
                int.from_bytes(data[at + 5 : at + 7]),
                int.from_bytes(data[at + 7 : at + 9]),
            )
            return _checked("image/jpeg", "jpg", width, height)
        elif marker in (0xDA, 0xD9):
            break
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4]))
    raise NotAnImage("the JPEG names no size")


def _checked(media_type: str, suffix: str, width_px: int, height_px: int) -> ImageHeader:
    if width_px < 16 or height_px < 16:
        raise NotAnImage("the image is smaller than 16 by 16 pixels")
    return ImageHeader(media_type, suffix, width_px, height_px)
