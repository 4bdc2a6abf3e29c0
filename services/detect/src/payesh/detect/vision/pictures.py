"""A picture of a vehicle on its way into the shots bucket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from payesh.contracts.values import Box
from payesh.detect.frames import Frame, PlanarCrop
from payesh.detect.vision.observations import ObservedShot

MARGIN = 0.12
"""Added on each side, in box sizes: a box that is a little small must not cut the plate."""


@dataclass(slots=True)
class Picture:
    """Pixels stay raw until they are needed: most pictures are replaced by a better one."""

    sequence: int
    frame_at: datetime
    box: tuple[float, float, float, float]
    """The vehicle: left, top, right, bottom."""
    crop_box: tuple[int, int, int, int]
    """What the pixels show."""
    sharpness: float
    pixels: PlanarCrop | bytes
    """Raw, or the JPEG that a checkpoint made of it: the same bytes that a shot would get."""

    @classmethod
    def take(
        cls,
        frame: Frame,
        box: tuple[float, float, float, float],
        sequence: int,
        frame_at: datetime,
        sharp: float,
    ) -> "Picture":
        left, top, right, bottom = box
        wide, high = MARGIN * (right - left), MARGIN * (bottom - top)
        crop = frame.cut(
            round(left - wide), round(top - high), round(right + wide), round(bottom + high)
        )
        height, width = crop.luma.shape
        crop_box = (crop.left_px, crop.top_px, crop.left_px + width, crop.top_px + height)
        return cls(sequence, frame_at, box, crop_box, sharp, crop)

    def jpeg(self) -> bytes:
        if isinstance(self.pixels, PlanarCrop):
            self.pixels = self.pixels.jpeg()
        return self.pixels

    def shot(self) -> ObservedShot:
        return ObservedShot(
            sequence=self.sequence,
            frame_at=self.frame_at,
            box=box_of(self.box),
            crop_box=box_of(self.crop_box),
            crop_jpeg=self.jpeg(),
            sharpness=round(self.sharpness, 3),
        )


def box_of(corners: Sequence[float]) -> Box:
    """From left, top, right, bottom."""
    left, top, right, bottom = (max(0.0, float(value)) for value in corners)
    return Box(x_px=left, y_px=top, width_px=right - left, height_px=bottom - top)
