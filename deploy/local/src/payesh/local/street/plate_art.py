"""Drawn Iranian number plates.

The layout follows the car plate of 520 x 110 mm: a blue strip with flag and
"I.R. IRAN", two digits, a letter, three digits, and a box with the word «ایران»
over the two digits of the region. Colours follow the letter's class.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

PLATE_WIDTH_MM = 520.0
PLATE_HEIGHT_MM = 110.0

PRIVATE_LETTERS = ("ب", "ج", "د", "س", "ص", "ط", "ق", "ل", "م", "ن", "و", "ه", "ی")

Colour = tuple[int, int, int]

_PERSIAN_DIGITS = "۰۱۲۳۴۵۶۷۸۹"
_CANONICAL = re.compile(r"^(\d{2})(الف|[^\W\d_])(\d{3})(\d{2})$")
_STRIP_BLUE: Colour = (20, 60, 150)
_DIGIT_CELL_MM = 42.0
_LETTER_CELL_MM = 68.0
_DRAWING_PX_PER_MM = 4.0  # drawn once at this scale, then averaged down

# «ایران» spelt in presentation forms and visual order: no shaping library is needed.
_IRAN_VISUAL = "\ufee5\ufe8d\ufeae\ufbfe\ufe8d"
# The plate writes ه in its two-eyed initial form.
_PLATE_GLYPH = {"ه": "\ufeeb", "الف": "\ufed2\ufedf\ufe8d"}


@dataclass(frozen=True, slots=True)
class PlateColours:
    """RGB colours of a plate's face and of its glyphs and frame."""

    face: Colour
    glyph: Colour


_BLACK_ON_WHITE = PlateColours((244, 244, 240), (18, 18, 18))
_BLACK_ON_YELLOW = PlateColours((247, 190, 24), (18, 18, 18))
_WHITE_ON_RED = PlateColours((186, 24, 32), (248, 248, 246))
_WHITE_ON_GREEN = PlateColours((14, 84, 48), (248, 248, 246))
_WHITE_ON_BLUE = PlateColours((30, 82, 168), (248, 248, 246))
_BLACK_ON_SAND = PlateColours((208, 184, 138), (18, 18, 18))
_BLACK_ON_LIGHT_BLUE = PlateColours((150, 200, 230), (18, 18, 18))

_COLOURS_BY_LETTER: dict[str, PlateColours] = {
    "ت": _BLACK_ON_YELLOW,
    "ع": _BLACK_ON_YELLOW,
    "ک": _BLACK_ON_YELLOW,
    "الف": _WHITE_ON_RED,
    "پ": _WHITE_ON_GREEN,
    "ث": _WHITE_ON_GREEN,
    "ش": _BLACK_ON_SAND,
    "ف": _WHITE_ON_BLUE,
    "ز": _WHITE_ON_BLUE,
    "D": _BLACK_ON_LIGHT_BLUE,
    "S": _BLACK_ON_LIGHT_BLUE,
}


def plate_colours(letter: str) -> PlateColours:
    """Colours of the class that `letter` stands for; private (black on white) by default."""
    return _COLOURS_BY_LETTER.get(letter, _BLACK_ON_WHITE)


def split_plate(text: str) -> tuple[str, str, str, str]:
    """Canonical text as (two digits, letter, three digits, region).

    >>> split_plate("12ب34567")
    ('12', 'ب', '345', '67')

    Raises ValueError when `text` is not a canonical car plate.
    """
    match = _CANONICAL.match(text)
    if match is None:
        raise ValueError(f"not a canonical car plate: {text!r}")
    first, letter, middle, region = match.groups()
    return first, letter, middle, region


def draw_plate(text: str, *, height_px: int = 110) -> NDArray[np.uint8]:
    """Draw the car plate `text` (canonical form, e.g. ``12ب34567``).

    Returns an RGB array (height_px, round(height_px * 520 / 110), 3) of dtype uint8.
    Raises ValueError when `text` is not a canonical car plate.
    """
    width_px = round(height_px * PLATE_WIDTH_MM / PLATE_HEIGHT_MM)
    large = _draw_large(text)
    # LANCZOS in Pillow averages over the whole footprint, so shrinking does not alias.
    small = large.resize((width_px, height_px), Image.Resampling.LANCZOS)
    return np.array(small, dtype=np.uint8)


def _draw_large(text: str) -> Image.Image:
    first, letter, middle, region = split_plate(text)
    colours = plate_colours(letter)
    image = Image.new("RGB", (_px(PLATE_WIDTH_MM), _px(PLATE_HEIGHT_MM)), colours.face)
    draw = ImageDraw.Draw(image)
    _draw_strip(image, draw)

    ink = colours.glyph
    for index, digit in enumerate(first):
        _draw_digit(image, digit, centre_mm=72 + 46 * index, baseline_mm=90, height_mm=70, ink=ink)
    _draw_letter(image, letter, ink)
    for index, digit in enumerate(middle):
        _draw_digit(image, digit, centre_mm=263 + 49 * index, baseline_mm=90, height_mm=70, ink=ink)

    draw.line([(_px(393), 0), (_px(393), image.height)], fill=ink, width=_px(2.6))
    _draw_word(image, _IRAN_VISUAL, left_mm=414, right_mm=500, top_mm=9, bottom_mm=32, ink=ink)
    for index, digit in enumerate(region):
        _draw_digit(image, digit, centre_mm=433 + 47 * index, baseline_mm=97, height_mm=56, ink=ink)

    draw.rounded_rectangle(
        (0, 0, image.width - 1, image.height - 1), _px(7), outline=ink, width=_px(3)
    )
    return image


def _draw_strip(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, 0, _px(42), image.height), fill=_STRIP_BLUE)
    flag: tuple[Colour, ...] = ((36, 159, 64), (250, 250, 250), (218, 0, 0))
    for index, colour in enumerate(flag):
        top = _px(12 + 7 * index)
        draw.rectangle((_px(8), top, _px(35), top + _px(7) - 1), fill=colour)
    white: Colour = (250, 250, 250)
    _draw_word(image, "I.R.", left_mm=8, right_mm=28, top_mm=60, bottom_mm=74, ink=white)
    _draw_word(image, "IRAN", left_mm=8, right_mm=37, top_mm=81, bottom_mm=95, ink=white)


def _draw_digit(
    image: Image.Image,
    digit: str,
    *,
    centre_mm: float,
    baseline_mm: float,
    height_mm: float,
    ink: Colour,
) -> None:
    # One font size for all digits (۸ fills the height), so that ۰ stays the small one it is.
    mask, top = _ink_mask(
        _PERSIAN_DIGITS[int(digit)], round(_px(height_mm) / _digit_height_em()), _DIGIT_CELL_MM
    )
    raised_px = round(_px(height_mm) * 0.14) if digit == "0" else 0
    corner = (_px(centre_mm) - mask.width // 2, _px(baseline_mm) + top - raised_px)
    image.paste(ink, corner, mask)


def _draw_letter(image: Image.Image, letter: str, ink: Colour) -> None:
    mask, _ = _ink_mask(_PLATE_GLYPH.get(letter, letter), _px(88), _LETTER_CELL_MM)
    image.paste(ink, (_px(187) - mask.width // 2, _px(55) - mask.height // 2), mask)


def _ink_mask(glyph: str, size_px: int, cell_mm: float) -> tuple[Image.Image, int]:
    """Ink of `glyph` and the row of its top above the baseline.

    Wide glyphs are squeezed to their cell, as the condensed face of real plates is.
    """
    font = _font(size_px)
    left, top, right, bottom = (int(side) for side in font.getbbox(glyph, anchor="ls"))
    mask = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(mask).text((-left, -top), glyph, font=font, fill=255, anchor="ls")
    if mask.width > _px(cell_mm):
        mask = mask.resize((_px(cell_mm), mask.height), Image.Resampling.LANCZOS)
    return mask, top


def _draw_word(
    image: Image.Image,
    word: str,
    *,
    left_mm: float,
    right_mm: float,
    top_mm: float,
    bottom_mm: float,
    ink: Colour,
) -> None:
    """Write `word` as large as the box allows, centred in it."""
    size_px = 200
    left, top, right, bottom = _font(size_px).getbbox(word, anchor="ls")
    box_width_px, box_height_px = _px(right_mm - left_mm), _px(bottom_mm - top_mm)
    font = _font(int(size_px * min(box_width_px / (right - left), box_height_px / (bottom - top))))
    left, top, right, bottom = font.getbbox(word, anchor="ls")
    origin = (
        (_px(left_mm) + _px(right_mm) - left - right) / 2,
        (_px(top_mm) + _px(bottom_mm) - top - bottom) / 2,
    )
    ImageDraw.Draw(image).text(origin, word, font=font, fill=ink, anchor="ls")


def _px(mm: float) -> int:
    return round(mm * _DRAWING_PX_PER_MM)


def draw_semnan(height_px: int) -> NDArray[np.uint8]:
    """The word «سمنان» as opacity (height_px, width), for the front of a bus."""
    glyphs = "\ufee5\ufe8e\ufee8\ufee4\ufeb3"  # presentation forms in visual order, as above
    mask, _ = _ink_mask(glyphs, 160, 1000.0)
    width_px = round(mask.width * height_px / mask.height)
    return np.array(mask.resize((width_px, height_px), Image.Resampling.LANCZOS), np.uint8)


@cache
def _font_bytes() -> bytes:
    return resources.files("payesh.local").joinpath("assets/Vazirmatn-Bold.ttf").read_bytes()


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(BytesIO(_font_bytes()), size_px, layout_engine=ImageFont.Layout.BASIC)


@cache
def _digit_height_em() -> float:
    _, top, _, bottom = _font(1000).getbbox("۸", anchor="ls")
    return (bottom - top) / 1000
