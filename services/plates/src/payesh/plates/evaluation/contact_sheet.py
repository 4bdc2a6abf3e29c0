"""A sheet of plates that were read otherwise than their label says, to look at."""

import unicodedata
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.contracts.plate_text import ALEF
from payesh.plates.domain.located_plate import LocatedPlate

_TILE, _TEXT_PX, _COLUMNS = (300, 90), 46, 4
_MOST_TILES = 200
_MARGIN = 0.15
_LABEL, _READ = (120, 120, 240), (120, 230, 120)


class MissedPlates:
    """Keeps up to 200 misses, each as a small picture with both texts under it."""

    def __init__(self) -> None:
        self._tiles: list[tuple[NDArray[np.uint8], str, str]] = []

    def add(
        self, picture: NDArray[np.uint8], plate: LocatedPlate | None, truth: str, read: str
    ) -> None:
        """`picture` (H, W, 3), BGR; `plate` is where it was read, None for all of it."""
        if len(self._tiles) < _MOST_TILES:
            self._tiles.append((_cut(picture, plate), truth, read))

    def write(self, path: Path) -> None:
        """Write the sheet as a picture. Raises OSError."""
        width, height = _TILE[0], _TILE[1] + _TEXT_PX
        rows = max(1, -(-len(self._tiles) // _COLUMNS))
        sheet = np.full((rows * height, _COLUMNS * width, 3), 32, np.uint8)
        for place, (tile, truth, read) in enumerate(self._tiles):
            x, y = place % _COLUMNS * width, place // _COLUMNS * height
            sheet[y : y + _TILE[1], x : x + width] = tile
            _write(sheet, x + 6, y + _TILE[1] + 18, f"label {_in_latin(truth)}", _LABEL)
            _write(sheet, x + 6, y + _TILE[1] + 38, f"read  {_in_latin(read)}", _READ)
        if not cv2.imwrite(str(path), sheet):
            raise OSError(f"{path} cannot be written")


def _write(
    sheet: NDArray[np.uint8], x: int, y: int, text: str, colour: tuple[int, int, int]
) -> None:
    cv2.putText(sheet, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)


def _in_latin(text: str) -> str:
    """Letters by their names, because the font has Latin characters alone.

    >>> _in_latin("16س65710")
    '16 SEEN 65710'
    """
    return "".join(
        each if each.isascii() else f" {unicodedata.name(each).rpartition(' ')[2]} "
        for each in text.replace(ALEF, "ا")
    )


def _cut(picture: NDArray[np.uint8], plate: LocatedPlate | None) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    if plate is not None:
        pad_x, pad_y = plate.width * _MARGIN, plate.height * _MARGIN
        left, top = max(0, round(plate.x - pad_x)), max(0, round(plate.y - pad_y))
        right = min(width, round(plate.x + plate.width + pad_x))
        bottom = min(height, round(plate.y + plate.height + pad_y))
        picture = picture[top:bottom, left:right]
        height, width = picture.shape[:2]
    scale = min(_TILE[0] / width, _TILE[1] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    tile = np.full((_TILE[1], _TILE[0], 3), 32, np.uint8)
    tile[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return tile
