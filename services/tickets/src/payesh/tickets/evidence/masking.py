"""Pictures of a vehicle that its owner may see: what belongs to others is made unreadable.

Whoever sits in a vehicle, and whatever stands beside it, is not the owner's to see. The service
has no detector of faces or plates, so it keeps by place and masks the rest: outside of the
vehicle's box, and its upper part, where its windows are. The plate that was read stays.
"""

import io
from dataclasses import dataclass

from PIL import Image, ImageDraw

from payesh.contracts import PlateRead, ViolationDetected
from payesh.contracts.detect import Shot
from payesh.contracts.values import Box

WINDOWS = 0.5
"""Share of a vehicle's box, from above, in which its windows lie, with a reserve."""
_CELLS = 10
_QUALITY = 88
_MOST_PIXELS = 40_000_000
_PLATE_MARGIN = 0.35


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG without metadata; `shows` is `vehicle` or `plate`."""

    shows: str
    body: bytes


def shot_for_owner(violation: ViolationDetected, read: PlateRead) -> int | None:
    """The number of the shot to show: the one that the plate was read in, else the first; None
    without any."""
    if read.shot is not None:
        for number, shot in enumerate(violation.shots):
            if shot.crop.sha256 == read.shot.crop.sha256:
                return number
    return 0 if violation.shots else None


def pictures_for_owner(body: bytes, shot: Shot, plate: Box | None) -> tuple[Picture, ...]:
    """The masked vehicle, and its plate enlarged where its box (in the shot's pixels) is known.

    Raises ValueError for a body that is no picture of a sane size. Blocks.
    """
    picture = _decoded(body)
    within = (0, 0, picture.width, picture.height)
    crop, box = shot.crop_box, shot.box
    # The crop may be stored smaller than the frame's pixels that it shows.
    scale_x, scale_y = picture.width / crop.width_px, picture.height / crop.height_px
    left, top = (box.x_px - crop.x_px) * scale_x, (box.y_px - crop.y_px) * scale_y
    width, height = box.width_px * scale_x, box.height_px * scale_y
    keep = Image.new("L", picture.size, 0)
    draw = ImageDraw.Draw(keep)
    _rectangle(draw, (left, top + height * WINDOWS, left + width, top + height), within)
    if plate is not None:
        _rectangle(draw, _corners(plate), within)
    shown = Image.composite(picture, mosaic(picture), keep)
    found = [Picture("vehicle", _encoded(shown))]
    if plate is not None:
        found.append(Picture("plate", _encoded(_enlarged(shown, plate))))
    return tuple(found)


def _decoded(body: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(body)) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise ValueError("too large a picture")
            return opened.convert("RGB")
    except (OSError, Image.DecompressionBombError) as error:
        raise ValueError("no picture") from error


def mosaic(picture: Image.Image) -> Image.Image:
    """Averages of large cells, ten across: what they were made of cannot be had back from them."""
    cells = (_CELLS, max(1, round(_CELLS * picture.height / picture.width)))
    small = picture.resize(cells, Image.Resampling.BOX)
    return small.resize(picture.size, Image.Resampling.NEAREST)


def _enlarged(picture: Image.Image, plate: Box) -> Image.Image:
    left, top, right, bottom = _corners(plate)
    aside, above = (right - left) * _PLATE_MARGIN / 2, (bottom - top) * _PLATE_MARGIN
    area = (
        max(0, int(left - aside)),
        max(0, int(top - above)),
        min(picture.width, int(right + aside) + 1),
        min(picture.height, int(bottom + above) + 1),
    )
    cut = picture.crop(area)
    factor = max(1, min(8, 600 // max(1, cut.width)))
    return cut.resize((cut.width * factor, cut.height * factor), Image.Resampling.BICUBIC)


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.x_px, box.y_px, box.x_px + box.width_px, box.y_px + box.height_px


def _rectangle(
    draw: ImageDraw.ImageDraw,
    corners: tuple[float, float, float, float],
    within: tuple[int, int, int, int],
) -> None:
    left, top, right, bottom = (
        max(low, min(high, value))
        for value, low, high in zip(corners, within[:2] * 2, within[2:] * 2, strict=True)
    )
    if right - left >= 1 and bottom - top >= 1:
        draw.rectangle((left, top, right - 1, bottom - 1), fill=255)


def _encoded(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY, optimize=False, progressive=False)
    return out.getvalue()
