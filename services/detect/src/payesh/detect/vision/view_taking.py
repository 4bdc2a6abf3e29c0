"""A camera's view as one whole picture, taken of the first frame after it was wanted."""

from dataclasses import dataclass

from payesh.detect.frames import Frame, encode_jpeg

_QUALITY = 90


@dataclass(frozen=True, slots=True)
class TakenView:
    """A whole frame, upright, as a JPEG."""

    width_px: int
    height_px: int
    jpeg: bytes


@dataclass(slots=True)
class ViewTaking:
    """Takes a picture while it is `wanted`. Nothing that is published depends on it."""

    wanted: bool = False
    taken: TakenView | None = None

    def look(self, frame: Frame) -> None:
        if self.wanted:
            self.taken = TakenView(
                frame.width_px, frame.height_px, encode_jpeg(frame.bgr(), _QUALITY)
            )
            self.wanted = False
