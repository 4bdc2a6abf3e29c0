"""A sheet of pictures with what was found and what was missed, to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from payesh.detect.domain.detections import VEHICLE_CLASSES, Detections, Floats
from payesh.detect.frames import Bytes

TILE_PX = (480, 300)
_COLUMNS = 3
_MOST_TILES = 24
_SHOWN_SCORE = 0.35
_FOUND, _TRUTH, _INK = (80, 220, 80), (60, 60, 255), (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture of a sheet; `missed` is how many of its vehicles were not found."""

    name: str
    picture: Bytes
    missed: int


class WorstPictures:
    """Keeps the pictures in which most was missed, at most 24, each as a small drawing."""

    def __init__(self) -> None:
        self._tiles: list[Tile] = []

    def add(
        self, name: str, picture: Bytes, found: Detections, truths: Floats, missed: int
    ) -> None:
        """`found` is drawn from score 0.35 on, in green; `truths` (n, 4) in red below it."""
        if len(self._tiles) == _MOST_TILES and missed <= self._tiles[-1].missed:
            return
        self._tiles.append(Tile(name, _drawn(picture, found, truths), missed))
        self._tiles.sort(key=lambda tile: -tile.missed)
        del self._tiles[_MOST_TILES:]

    def write(self, path: Path) -> None:
        """Write the sheet; the suffix of `path` chooses the format. Raises OSError."""
        write_sheet(path, [(t.picture, f"{t.name[:44]}  missed {t.missed}") for t in self._tiles])


def write_sheet(path: Path, tiles: Sequence[tuple[Bytes, str]]) -> None:
    """Write pictures with their captions, three in a row. Raises OSError."""
    width, height = TILE_PX
    rows = max(1, -(-len(tiles) // _COLUMNS))
    sheet = np.full((rows * (height + 24), _COLUMNS * width, 3), 32, np.uint8)
    for place, (picture, caption) in enumerate(tiles):
        y, x = place // _COLUMNS * (height + 24), place % _COLUMNS * width
        tile, _ = fitted(picture)
        sheet[y : y + height, x : x + width] = tile
        where = (x + 6, y + height + 17)
        cv2.putText(sheet, caption, where, cv2.FONT_HERSHEY_SIMPLEX, 0.45, _INK, 1, cv2.LINE_AA)
    if not cv2.imwrite(str(path), sheet):
        raise OSError(f"{path} cannot be written")


def fitted(picture: Bytes) -> tuple[Bytes, float]:
    """A tile that shows the whole picture, (300, 480, 3), and the scale that it has in it."""
    scale = min(TILE_PX[0] / picture.shape[1], TILE_PX[1] / picture.shape[0])
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    tile = np.full((TILE_PX[1], TILE_PX[0], 3), 32, np.uint8)
    tile[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return tile, scale


def _drawn(picture: Bytes, found: Detections, truths: Floats) -> Bytes:
    tile, scale = fitted(picture)
    for box in truths:
        _box(tile, box * scale, _TRUTH)
    for row in np.flatnonzero(found.score >= _SHOWN_SCORE):
        _box(tile, found.xyxy[row] * scale, _FOUND)
        name = VEHICLE_CLASSES[int(found.class_id[row])]
        corner = (int(found.xyxy[row, 0] * scale), max(8, int(found.xyxy[row, 1] * scale) - 2))
        cv2.putText(tile, name, corner, cv2.FONT_HERSHEY_SIMPLEX, 0.33, _FOUND, 1, cv2.LINE_AA)
    return tile


def _box(tile: Bytes, box: Floats, colour: tuple[int, int, int]) -> None:
    left, top, right, bottom = (round(float(side)) for side in box)
    cv2.rectangle(tile, (left, top), (right, bottom), colour, 1, cv2.LINE_AA)
