"""What the header of a still announces."""

from dataclasses import dataclass
from typing import Literal

JPEG, PNG = "image/jpeg", "image/png"
SMALLEST_PX = 16

Orientation = Literal[1, 2, 3, 4, 5, 6, 7, 8]


class NotAStill(ValueError):
    """Neither JPEG nor PNG, not of an accepted kind, or not whole. The text is for its sender."""


@dataclass(frozen=True, slots=True)
class StillHeader:
    """Sizes as the header states them; `orientation` as EXIF counts it, 1 being upright."""

    media_type: str
    coded_width_px: int
    coded_height_px: int
    orientation: Orientation = 1

    @property
    def suffix(self) -> str:
        return "jpg" if self.media_type == JPEG else "png"

    @property
    def pixels(self) -> int:
        return self.coded_width_px * self.coded_height_px

    @property
    def lies_on_its_side(self) -> bool:
        return self.orientation >= 5

    @property
    def width_px(self) -> int:
        """Of the upright picture: the size in which detections are given."""
        return self.coded_height_px if self.lies_on_its_side else self.coded_width_px

    @property
    def height_px(self) -> int:
        return self.coded_width_px if self.lies_on_its_side else self.coded_height_px


def sized(header: StillHeader) -> StillHeader:
    """The same header. Raises NotAStill for a picture that is too small."""
    if min(header.coded_width_px, header.coded_height_px) < SMALLEST_PX:
        raise NotAStill(f"the image is smaller than {SMALLEST_PX} by {SMALLEST_PX} pixels")
    return header
