"""Drawn grey plates for training: letters that hardly occur in real data, any text, any weight of
type, black on light and light on dark.

Glyphs come from fonts named on the command line and from the MIT drawings in the data folder; both
are read at training time and never copied into the project.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from picture_files import read_unchanged
from PIL import Image, ImageDraw, ImageFont

from payesh.contracts.plate_text import ALEF, LETTERS

HEIGHT_PX = 80
WIDTH_PX = 378
NOMINAL_CENTRES = (0.145, 0.235, 0.36, 0.48, 0.572, 0.665, 0.83, 0.92)
"""Centres of the eight characters of a `car` plate, as fractions of its width."""

_TEMPLATE_NAMES = {
    ALEF: "A", "ب": "B", "د": "D", "ع": "EIN", "ه": "H", "ج": "J", "ل": "L", "م": "M",
    "ن": "N", "پ": "P", "ق": "Q", "ص": "SAD", "ش": "SH", "س": "SIN", "ت": "T", "ط": "TA",
    "ث": "TH", "و": "V", "ی": "Y", "ز": "Z", "ژ": "ZH", **{str(d): str(d) for d in range(10)},
}  # fmt: skip
LIGHT_ON_DARK = frozenset({ALEF, "پ", "ث", "ف", "ز"})
"""Letters of classes with white characters on red, green or blue; all others are dark on light."""
_HARD_DIGITS = "2234461369"
"""Digits that readers confuse, drawn more often than the others."""
_FONT_FORMS = {ALEF: ["الف"], "ه": ["ه", "هـ", "ﻫ"]}


@dataclass(frozen=True)
class DrawnPlate:
    """A drawn plate: `grey` is (HEIGHT_PX, WIDTH_PX) uint8; `centres` of the characters are
    fractions of its width."""

    grey: np.ndarray
    characters: tuple[str, ...]
    centres: tuple[float, ...]
    light_ink: bool = False


def _trim(mask: np.ndarray) -> np.ndarray:
    rows = np.flatnonzero(mask.max(1) > 0.3)
    columns = np.flatnonzero(mask.max(0) > 0.3)
    if not len(rows) or not len(columns):
        raise ValueError("empty glyph")
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _template_mask(path: Path) -> np.ndarray:
    image = read_unchanged(path).astype(np.float32)
    grey = image[..., :3].mean(2)
    light, dark = np.percentile(grey, 92), np.percentile(grey, 4)
    mask = np.clip((light - grey) / max(light - dark, 1) * 1.6 - 0.4, 0, 1)
    return _trim(mask)


def _font_mask(font: ImageFont.FreeTypeFont, text: str) -> np.ndarray:
    canvas = Image.new("L", (700, 420), 0)
    ImageDraw.Draw(canvas).text((200, 60), text, font=font, fill=255)
    return _trim(np.asarray(canvas, np.float32) / 255)


class Glyphs:
    """Masks (0..1 float) of every character in several typefaces."""

    def __init__(self, templates: Path | None, fonts: list[Path]) -> None:
        self.typefaces: list[dict[str, list[np.ndarray]]] = []
        if templates is not None:
            typeface: dict[str, list[np.ndarray]] = {}
            for character, name in _TEMPLATE_NAMES.items():
                mask = _template_mask(templates / "chars" / f"{name}.png")
                typeface[character] = [mask]
                if character == "ت":  # the drawing has TAXI above the letter
                    typeface[character].append(_trim(mask[int(mask.shape[0] * 0.4) :]))
            self.typefaces.append(typeface)
        for path in fonts:
            font = ImageFont.truetype(str(path), 160)
            typeface = {}
            for digit in range(10):
                typeface[str(digit)] = [_font_mask(font, chr(0x06F0 + digit))]
            for letter in LETTERS:
                try:
                    typeface[letter] = [
                        _font_mask(font, t) for t in _FONT_FORMS.get(letter, [letter])
                    ]
                except ValueError:
                    continue
            self.typefaces.append(typeface)
        if not self.typefaces:
            raise ValueError("no glyphs: give a templates folder or fonts")

    def of(self, character: str, typeface: int, rng: np.random.Generator) -> np.ndarray:
        """A mask of the character in this typeface, or in another that has it."""
        forms = self.typefaces[typeface].get(character)
        while forms is None:
            forms = self.typefaces[int(rng.integers(len(self.typefaces)))].get(character)
        return forms[int(rng.integers(len(forms)))]

    def digit_height(self, typeface: int) -> float:
        """Height of a tall digit in this typeface in pixels, the unit of its other glyphs."""
        return float(self.typefaces[typeface]["8"][0].shape[0])


def random_text(rng: np.random.Generator) -> tuple[str, ...]:
    """Eight characters, every letter equally often; 0 mostly in the region code alone."""
    low = 0 if rng.random() < 0.1 else 1
    digits = [str(int(d)) for d in rng.integers(low, 10, 7)]
    for place in range(7):
        if rng.random() < 0.3:
            digits[place] = _HARD_DIGITS[int(rng.integers(len(_HARD_DIGITS)))]
    digits[5] = str(int(rng.integers(1, 10)))
    digits[6] = str(int(rng.integers(0, 10)))
    letter = LETTERS[int(rng.integers(len(LETTERS)))]
    return (digits[0], digits[1], letter, *digits[2:7])


def _paste(
    ink: np.ndarray, mask: np.ndarray, scale: float, centre_x: float, centre_y: float,
    max_width: float, max_height: float,
) -> None:  # fmt: skip
    height, width = mask.shape
    scale = min(scale, max_width / width, max_height / height)
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    x0, y0 = round(centre_x - size[0] / 2), round(centre_y - size[1] / 2)
    x1, y1 = max(x0, 0), max(y0, 0)
    x2, y2 = min(x0 + size[0], ink.shape[1]), min(y0 + size[1], ink.shape[0])
    if x2 > x1 and y2 > y1:
        part = small[y1 - y0 : y2 - y0, x1 - x0 : x2 - x0]
        np.maximum(ink[y1:y2, x1:x2], part, out=ink[y1:y2, x1:x2])


def draw(
    glyphs: Glyphs, rng: np.random.Generator, characters: tuple[str, ...] | None = None,
    typeface: int | None = None, tones: tuple[float, float] | None = None,
    without_letter: bool = False,
) -> DrawnPlate:  # fmt: skip
    """One plate with random proportions, ink and ground; a random text where none is given.

    `tones` are those of ground and characters, 0 to 255. `without_letter` leaves its place empty.
    """
    characters = characters or random_text(rng)
    typeface = int(rng.integers(len(glyphs.typefaces))) if typeface is None else typeface
    h, w = HEIGHT_PX, WIDTH_PX
    ink = np.zeros((h, w), np.float32)
    unit = glyphs.digit_height(typeface)
    tall = h * rng.uniform(0.52, 0.74)
    region_tall = tall * rng.uniform(0.72, 1.0)
    stretch = rng.uniform(-0.012, 0.012)
    middle = h * rng.uniform(0.48, 0.55)
    centres = []
    for slot, character in enumerate(characters):
        mask = glyphs.of(character, typeface, rng)
        x = NOMINAL_CENTRES[slot] + stretch + rng.normal(0, 0.004)
        y, size = middle, tall
        if slot >= 6:
            size, y = region_tall, h * 0.97 - region_tall * rng.uniform(0.58, 0.68)
        if character == "0":
            size *= rng.uniform(0.85, 1.2)
        if slot == 2:
            size *= rng.uniform(0.75, 1.0)
        room = w * (0.145 if slot == 2 else 0.094)
        if slot != 2 or not without_letter:
            _paste(ink, mask, size / unit, x * w, y, room, h * (0.84 if slot == 2 else 0.8))
        centres.append(x)
    border = rng.uniform(0.3, 1.0)
    divider = int(w * rng.uniform(0.75, 0.775))
    thick = int(rng.integers(1, 4))
    if rng.random() < 0.9:
        cv2.rectangle(ink, (1, 1), (w - 2, h - 2), border, thick)
    if rng.random() < 0.9:
        cv2.line(ink, (divider, 0), (divider, h), border, thick)
    if rng.random() < 0.8:  # «ایران» above the region code, never legible at this size
        for _ in range(5):
            x = int(rng.uniform(0.8, 0.95) * w)
            y = int(h * rng.uniform(0.08, 0.18))
            cv2.line(ink, (x, y), (x + int(rng.integers(3, 14)), y + int(rng.integers(-4, 5))),
                     border, 2)  # fmt: skip
    # The other way round a plate is a photographic negative, which readers must refuse.
    dark_plate = characters[2] in LIGHT_ON_DARK
    if tones is not None:
        ground, stroke = tones
    elif dark_plate:
        ground, stroke = rng.uniform(35, 130), rng.uniform(175, 255)
    else:
        ground, stroke = rng.uniform(130, 250), rng.uniform(5, 70)
    grey = ground + (stroke - ground) * ink
    strip = int(w * rng.uniform(0.065, 0.095))
    if rng.random() < 0.9:
        grey[:, :strip] = rng.uniform(30, 110)
        for _ in range(7):
            x, y = int(rng.uniform(2, max(strip - 8, 3))), int(rng.uniform(3, h - 8))
            cv2.rectangle(grey, (x, y), (x + int(rng.integers(2, 9)), y + int(rng.integers(1, 6))),
                          float(rng.uniform(120, 255)), -1)  # fmt: skip
    return DrawnPlate(np.clip(grey, 0, 255).astype(np.uint8), characters, tuple(centres),
                      dark_plate)  # fmt: skip
