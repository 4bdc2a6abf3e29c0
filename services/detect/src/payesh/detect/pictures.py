"""A picture of a vehicle on its way into the shots bucket."""

from dataclasses import dataclass
from datetime import datetime

from payesh.contracts.values import Box
from payesh.detect.frames import Frame, PlanarCrop
from payesh.detect.observations import ShotTaken

MARGIN = 0.12
"""Added on each side, in box sizes: a box that is a little small must not cut the plate."""


@dataclass(slots=True)
class Picture:
    """Pixels stay raw until they are needed: most pictures are replaced by a better one."""

    sequence: int
    frame_at: datetime
    box: tuple[float, float, float, float]
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
        return cls(sequence, frame_at, box, sharp, crop)

    def jpeg(self) -> bytes:
        if isinstance(self.pixels, PlanarCrop):
            self.pixels = self.pixels.jpeg()
        return self.pixels

    def shot(self) -> ShotTaken:
        left, top, right, bottom = (max(0.0, v) for v in self.box)
        return ShotTaken(
            sequence=self.sequence,
            frame_at=self.frame_at,
            box=Box(x_px=left, y_px=top, width_px=right - left, height_px=bottom - top),
            crop_jpeg=self.jpeg(),
            sharpness=round(self.sharpness, 3),
        )
