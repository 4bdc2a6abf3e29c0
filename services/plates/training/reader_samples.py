"""Training pictures for the reader: real plates cut with jitter, and drawn plates; both degraded
as by distance, movement and compression."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from degradation import degrade
from locator_samples import Photo
from picture_files import jpeg_coded, read_grey
from plate_drawing import NOMINAL_CENTRES, DrawnPlate, Glyphs, draw
from reader_network import HEIGHT_PX, STEPS, WIDTH_PX

from payesh.contracts.plate_text import LETTERS, split_characters

GROWN_X, GROWN_Y = 1.12, 1.35
"""A located box grows by these factors about its centre before it is read."""


@dataclass
class RealPlate:
    """A grey picture, the plate's box (x, y, w, h) in it, and its text; `centres` where the
    characters are at their nominal places in the box."""

    grey: np.ndarray
    box: tuple[float, float, float, float]
    characters: tuple[str, ...]
    centres: tuple[float, ...] | None
    source: str


def crops(plates: Path, split: str, source: str) -> list[RealPlate]:
    """Crops of one source; the box is the whole crop."""
    found = []
    lines = (plates / f"crops_{split}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    for line in lines:
        file, text, origin = line.split("\t")
        if origin != source:
            continue
        grey = read_grey(plates / file)
        centres = NOMINAL_CENTRES if source == "roozbeh" else None
        box = (0.0, 0.0, float(grey.shape[1]), float(grey.shape[0]))
        found.append(RealPlate(grey, box, split_characters(text), centres, origin))
    return found


def from_photos(photos: list[Photo]) -> list[RealPlate]:
    """The transcribed plates of photographs, with surroundings of half a plate on each side."""
    found = []
    for photo in photos:
        for (x1, y1, x2, y2), text in zip(photo.boxes, photo.texts, strict=True):
            if not text:
                continue
            w, h = x2 - x1, y2 - y1
            left, top = max(0, int(x1 - w / 2)), max(0, int(y1 - h))
            cut = photo.levels[0][top : int(y2 + h), left : int(x2 + w / 2)].copy()
            box = (float(x1 - left), float(y1 - top), float(w), float(h))
            found.append(RealPlate(cut, box, split_characters(text), NOMINAL_CENTRES, photo.scene))
    return found


def _cut(grey: np.ndarray, box: tuple[float, float, float, float], rng: np.random.Generator,
         turn_degrees: float, border: int, grown: tuple[float, float] = (GROWN_X, GROWN_Y),
         ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The jittered, grown box as (48, 192), and the 3x3 matrix source -> target."""
    x, y, w, h = box
    gx = grown[0] * np.exp(rng.normal(0, 0.05))
    gy = grown[1] * np.exp(rng.normal(0, 0.12))
    cx = x + w / 2 + rng.normal(0, 0.02) * w
    cy = y + h / 2 + rng.normal(0, 0.06) * h
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [w * gx / 2, h * gy / 2]
    angle = np.radians(turn_degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = half @ turn.T + [cx, cy]
    corners[:, 0] += (half[:, 1]) * rng.normal(0, 0.15)  # leaning letters
    corners += rng.normal(0, 0.02, (4, 2)) * [w * 0.5, h]
    target = np.array([[0, 0], [WIDTH_PX, 0], [WIDTH_PX, HEIGHT_PX], [0, HEIGHT_PX]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    # Shrunk before warping: bilinear sampling of a much larger picture aliases.
    scale = WIDTH_PX / (w * gx)
    if scale < 0.6:
        grey = cv2.resize(grey, None, fx=scale * 1.2, fy=scale * 1.2, interpolation=cv2.INTER_AREA)
        matrix_small = matrix @ np.diag([1 / (scale * 1.2), 1 / (scale * 1.2), 1])
    else:
        matrix_small = matrix
    cut = cv2.warpPerspective(
        grey,
        matrix_small,
        (WIDTH_PX, HEIGHT_PX),
        flags=cv2.INTER_LINEAR,
        borderMode=border,
        borderValue=float(rng.integers(0, 256)),
    )
    return cut, matrix


def _coarsen(cut: np.ndarray, rng: np.random.Generator, least: float) -> np.ndarray:
    """Reduce the resolution to that of a plate of 50 to 150 px width."""
    factor = float(np.exp(rng.uniform(np.log(least), np.log(0.9))))
    small = cv2.resize(cut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.4:
        small = jpeg_coded(np.asarray(small, np.uint8), int(rng.integers(30, 90)), grey=True)
    how = (cv2.INTER_LINEAR, cv2.INTER_CUBIC)[int(rng.integers(2))]
    return cv2.resize(small, (WIDTH_PX, HEIGHT_PX), interpolation=how)


class ReaderSamples:
    """Endless random samples: a picture (48, 192) uint8, class ids (L,), and the column of each
    character in steps, -1 where unknown."""

    def __init__(self, real: dict[str, list[RealPlate]], shares: dict[str, float], glyphs: Glyphs,
                 art: list[DrawnPlate], grounds: list[np.ndarray], ids: dict[str, int],
                 ) -> None:  # fmt: skip
        self.real, self.glyphs, self.art, self.grounds, self.ids = real, glyphs, art, grounds, ids
        self.names = list(shares)
        self.cumulated = np.cumsum([shares[n] for n in self.names])
        self.rng = np.random.default_rng(0)
        self.rare: dict[str, list[RealPlate]] = {
            letter: [p for group in real.values() for p in group if letter in p.characters]
            for letter in LETTERS
        }
        self.rare = {k: v for k, v in self.rare.items() if 0 < len(v) < 120}

    def sample(self) -> tuple[np.ndarray, list[int], list[float]]:
        rng = self.rng
        pick = rng.random() * self.cumulated[-1]
        name = self.names[int(np.searchsorted(self.cumulated, pick))]
        if name == "drawn":
            return self._drawn(draw(self.glyphs, rng))
        if name == "art":
            return self._drawn(self.art[int(rng.integers(len(self.art)))])
        group = self.real[name]
        if rng.random() < 0.06:
            group = self.rare[list(self.rare)[int(rng.integers(len(self.rare)))]]
        plate = group[int(rng.integers(len(group)))]
        turn = rng.normal(0, 3) if rng.random() < 0.8 else rng.uniform(-9, 9)
        border = cv2.BORDER_REPLICATE if rng.random() < 0.6 else cv2.BORDER_CONSTANT
        grown = (GROWN_X, GROWN_Y)
        if plate.source == "anajar" and plate.centres is None:
            grown = (float(rng.uniform(0.8, 1.02)), float(rng.uniform(0.6, 1.0)))
        cut, matrix = _cut(plate.grey, plate.box, rng, turn, border, grown)
        if rng.random() < 0.3:
            cut = _coarsen(cut, rng, 0.33)
        return self._finish(cut, plate.characters, plate.centres, plate.box, matrix, 0.6)

    def _drawn(self, plate: DrawnPlate) -> tuple[np.ndarray, list[int], list[float]]:
        rng = self.rng
        h, w = plate.grey.shape
        ground = self.grounds[int(rng.integers(len(self.grounds)))]
        y, x = (
            int(rng.integers(0, ground.shape[0] - 40)),
            int(rng.integers(0, ground.shape[1] - 60)),
        )
        patch = ground[y : y + 40, x : x + 60]
        scene = cv2.resize(patch, (int(w * 1.5), int(h * 2.2)))
        left, top = int(w * 0.25), int(h * 0.6)
        face = plate.grey
        if rng.random() < 0.3:  # a shadow's edge across the plate
            start, soft = rng.uniform(0, w), rng.uniform(5, w) * rng.choice([-1, 1])
            ramp = np.clip((np.arange(w) - start) / soft, 0, 1)
            face = (face * (1 - rng.uniform(0.2, 0.6) * ramp)[None]).astype(np.uint8)
        scene[top : top + h, left : left + w] = face
        turn = rng.normal(0, 2.5)
        # The locator boxes the hull of a turned plate.
        grown = h * abs(np.sin(np.radians(turn))) * 4 * rng.uniform(0, 1)
        box = (float(left), top - grown / 2, float(w), h + grown)
        cut, matrix = _cut(scene, box, rng, turn, cv2.BORDER_REPLICATE)
        if rng.random() < 0.85:
            cut = _coarsen(cut, rng, 0.28)
        plain = (float(left), float(top), float(w), float(h))
        return self._finish(cut, plate.characters, plate.centres, plain, matrix, 0.9)

    def _finish(self, cut: np.ndarray, characters: tuple[str, ...],
                centres: tuple[float, ...] | None, box: tuple[float, float, float, float],
                matrix: np.ndarray, chance: float,
                ) -> tuple[np.ndarray, list[int], list[float]]:  # fmt: skip
        columns = [-1.0] * len(characters)
        if centres is not None and len(characters) == 8:
            points = np.array([[[box[0] + c * box[2], box[1] + box[3] / 2]] for c in centres])
            moved = cv2.perspectiveTransform(points, matrix)[:, 0, 0]
            columns = [float(c) * STEPS / WIDTH_PX for c in moved]
        if self.rng.random() < chance:
            cut = degrade(cut, self.rng, 0.9)
        return cut, [self.ids[c] for c in characters], columns
