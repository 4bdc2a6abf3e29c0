"""Training pictures for the locator: photographs cut at random scales, and drawn or real plates
pasted onto road pictures without a legible plate of their own."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from degradation import degrade
from picture_files import read_grey
from plate_drawing import Glyphs, draw

SIDE_PX = 320


@dataclass
class Photo:
    """A photograph with its plates: `levels` are the grey picture at 1, 1/2 and 1/4; `boxes`
    (n, 4) are x1 y1 x2 y2 at full size."""

    levels: list[np.ndarray]
    boxes: np.ndarray
    texts: list[str | None]
    scene: str
    file: str


def load_photos(plates: Path, split: str) -> list[Photo]:
    """All photographs of a split, in memory."""
    photos = []
    for line in (plates / f"photos_{split}.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        grey = read_grey(plates / "photos" / entry["file"])
        height, width = grey.shape
        centres = np.array([p["box_xywh_norm"] for p in entry["plates"]], np.float32).reshape(-1, 4)
        centres *= np.array([width, height, width, height], np.float32)
        boxes = np.concatenate([centres[:, :2] - centres[:, 2:] / 2,
                                centres[:, :2] + centres[:, 2:] / 2], 1)  # fmt: skip
        texts = [p["text"] for p in entry["plates"]]
        photos.append(Photo(pyramid(grey), boxes, texts, entry["scene"], entry["file"]))
    return photos


def pyramid(grey: np.ndarray) -> list[np.ndarray]:
    """The picture at 1, 1/2 and 1/4, so that strong shrinking does not alias."""
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return [grey, half, cv2.resize(half, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)]


def load_backgrounds(vehicles: Path, limit: int, prefixes: tuple[str, ...] = ("atl_", "top_"),
                     ) -> list[list[np.ndarray]]:  # fmt: skip
    """Grey road pictures: by default of overhead cameras, where no plate is legible."""
    files = sorted(f for f in (vehicles / "train" / "images").iterdir()
                   if f.name.startswith(prefixes))  # fmt: skip
    step = max(1, len(files) // limit)
    return [pyramid(read_grey(f)) for f in files[::step]]


def _warp(levels: list[np.ndarray], matrix: np.ndarray, scale: float) -> np.ndarray:
    level = 0 if scale > 0.7 else 1 if scale > 0.35 else 2
    down = 2.0**level
    shrunk = matrix.copy()
    shrunk[:, :2] *= down
    return cv2.warpAffine(levels[level], shrunk, (SIDE_PX, SIDE_PX), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_CONSTANT, borderValue=114)  # fmt: skip


def _similarity(cx: float, cy: float, tx: float, ty: float, scale: float, angle: float,
                flip: bool, squeeze: float) -> np.ndarray:  # fmt: skip
    """Maps (cx, cy) of the source onto (tx, ty), scaled and turned by `angle` degrees."""
    c, s = np.cos(np.radians(angle)) * scale, np.sin(np.radians(angle)) * scale
    linear = np.array([[c, -s], [s, c]]) @ np.diag([-1.0 if flip else 1.0, squeeze])
    return np.column_stack([linear, [tx, ty] - linear @ [cx, cy]]).astype(np.float32)


def _turned(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    x1, y1, x2, y2 = boxes.T
    corners = np.stack([np.stack([x1, y1], 1), np.stack([x2, y1], 1), np.stack([x2, y2], 1),
                        np.stack([x1, y2], 1)], 1)  # fmt: skip
    moved = corners @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([moved.min(1), moved.max(1)], 1)


class LocatorSamples:
    """Endless random samples: grey (320, 320) uint8 and boxes (n, 4) in its pixels."""

    def __init__(
        self,
        photos: list[Photo],
        backgrounds: list[list[np.ndarray]],
        foreign: list[list[np.ndarray]],
        real_crops: list[np.ndarray],
        glyphs: Glyphs,
        drawn_art: list[np.ndarray],
        seed: int,
    ) -> None:
        self.photos, self.backgrounds, self.foreign = photos, backgrounds, foreign
        self.real_crops, self.glyphs, self.drawn_art = real_crops, glyphs, drawn_art
        self.rng = np.random.default_rng(seed)
        road = [i for i, p in enumerate(photos) if p.scene == "road_camera"]
        close = [i for i, p in enumerate(photos) if p.scene != "road_camera"]
        self.groups = (close, road)

    def sample(self) -> tuple[np.ndarray, np.ndarray]:
        kind = self.rng.random()
        image, boxes = self._photo() if kind < 0.78 else self._pasted()
        if self.rng.random() < 0.7:
            image = degrade(image, self.rng)
        inside = np.clip(boxes, 0, SIDE_PX)
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        seen = (inside[:, 2] - inside[:, 0]) * (inside[:, 3] - inside[:, 1])
        keep = (seen > 0.6 * area) & (boxes[:, 2] - boxes[:, 0] > 14)
        return image, inside[keep].astype(np.float32)

    def _photo(self) -> tuple[np.ndarray, np.ndarray]:
        rng = self.rng
        group = self.groups[int(rng.random() < 0.3)]
        photo = self.photos[group[int(rng.integers(len(group)))]]
        height, width = photo.levels[0].shape
        angle = rng.normal(0, 4) if rng.random() < 0.7 else rng.uniform(-20, 20)
        squeeze = float(np.exp(rng.normal(0, 0.1)))
        flip = rng.random() < 0.25
        if len(photo.boxes) and rng.random() < 0.8:
            x1, y1, x2, y2 = photo.boxes[int(rng.integers(len(photo.boxes)))]
            target = np.exp(rng.uniform(np.log(20), np.log(250)))
            scale = max(target / (x2 - x1), 0.45 * SIDE_PX / max(height, width))
            cx, cy = (x1 + x2) / 2, (y1 + y2) / 2
            tx, ty = rng.uniform(0.08, 0.92, 2) * SIDE_PX
        else:
            scale = float(np.exp(rng.uniform(np.log(0.3), np.log(1.1))))
            cx, cy = rng.uniform(0, width), rng.uniform(0, height)
            tx = ty = SIDE_PX / 2
        matrix = _similarity(cx, cy, tx, ty, scale, angle, flip, squeeze)
        boxes = _turned(photo.boxes, matrix) if len(photo.boxes) else np.zeros((0, 4))
        return _warp(photo.levels, matrix, scale), boxes

    def _pasted(self) -> tuple[np.ndarray, np.ndarray]:
        rng = self.rng
        # Pictures from other countries show other plates and lettering: all are negatives.
        grounds = self.foreign if rng.random() < 0.4 else self.backgrounds
        levels = grounds[int(rng.integers(len(grounds)))]
        height, width = levels[0].shape
        scale = float(np.exp(rng.uniform(np.log(0.5), np.log(2.0)))) * SIDE_PX / max(height, width)
        matrix = _similarity(
            rng.uniform(0.2, 0.8) * width,
            rng.uniform(0.2, 0.8) * height,
            SIDE_PX / 2,
            SIDE_PX / 2,
            scale * 1.5,
            0,
            rng.random() < 0.5,
            1.0,
        )
        image = _warp(levels, matrix, scale * 1.5)
        boxes: list[Any] = []
        self._letter(image)
        for _ in range(int(rng.integers(0, 4))):
            plate = self._plate()
            wide = float(np.exp(rng.uniform(np.log(20), np.log(200))))
            tall = wide / rng.uniform(3.2, 5.4)
            x, y = rng.uniform(0, SIDE_PX - wide), rng.uniform(0, SIDE_PX - tall)
            corners = np.array([[x, y], [x + wide, y], [x + wide, y + tall], [x, y + tall]])
            lean = np.tan(np.radians(rng.normal(0, 6))) * wide
            corners[1:3, 1] += lean
            corners += rng.normal(0, 0.03 * tall, corners.shape)
            low, high = corners.min(0), corners.max(0)
            if any(b[0] < high[0] + 4 and b[2] > low[0] - 4 and b[1] < high[1] + 4
                   and b[3] > low[1] - 4 for b in boxes):  # fmt: skip
                continue
            shrink = max(1.0, plate.shape[1] / wide)
            plate = cv2.resize(plate, None, fx=1 / shrink, fy=1 / shrink,
                               interpolation=cv2.INTER_AREA)  # fmt: skip
            h, w = plate.shape
            quad = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
            warp = cv2.getPerspectiveTransform(quad, corners.astype(np.float32))
            pasted = cv2.warpPerspective(plate, warp, (SIDE_PX, SIDE_PX))
            mask = cv2.warpPerspective(np.ones_like(plate), warp, (SIDE_PX, SIDE_PX))
            image = np.where(mask > 0, pasted, image)
            boxes.append([*low, *high])
        return image, np.array(boxes, np.float32).reshape(-1, 4)

    def _letter(self, image: np.ndarray) -> None:
        """Draw brand names, telephone numbers and adverts: lettering that is no plate."""
        rng = self.rng
        for _ in range(int(rng.integers(0, 4))):
            kinds = ("ABCDEFGHIKLMNOPRSTUVX", "0123456789", "abcdefghiklmnoprstuvwx./")
            pool = kinds[int(rng.integers(3))]
            word = "".join(pool[int(i)] for i in rng.integers(0, len(pool), rng.integers(4, 11)))
            at = (int(rng.integers(0, SIDE_PX - 60)), int(rng.integers(15, SIDE_PX)))
            size = float(rng.uniform(0.3, 1.3))
            if rng.random() < 0.4:
                (w, h), _ = cv2.getTextSize(word, 0, size, 1)
                cv2.rectangle(image, (at[0] - 4, at[1] - h - 4), (at[0] + w + 4, at[1] + 4),
                              float(rng.integers(256)), -1)  # fmt: skip
            cv2.putText(image, word, at, int(rng.integers(0, 5)), size, float(rng.integers(256)),
                        int(rng.integers(1, 4)), cv2.LINE_AA)  # fmt: skip

    def _plate(self) -> np.ndarray:
        kind = self.rng.random()
        if kind < 0.35 and self.real_crops:
            return self.real_crops[int(self.rng.integers(len(self.real_crops)))]
        if kind < 0.65 and self.drawn_art:
            return self.drawn_art[int(self.rng.integers(len(self.drawn_art)))]
        return draw(self.glyphs, self.rng).grey
