"""What hides characters from a camera: covers, dirt, mud, glare, bars, a picture's edge.

A covered character stays readable while most of its ink is seen. So each cover also returns how
much of every character's ink was lost.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from picture_files import Picture

Floats = NDArray[np.float32]
_HIDDEN_FROM, _HIDDEN_AT = 0.48, 0.8
"""Opacities between which ink under a cover becomes invisible."""


@dataclass(frozen=True)
class Cells:
    """The characters' places in a picture: `centres` (8, 2) in pixels, half sizes in pixels.

    `light_ink` where characters are lighter than the plate.
    """

    centres: np.ndarray
    half_widths: np.ndarray
    half_height: float
    light_ink: bool

    def window(self, slot: int, shape: tuple[int, ...]) -> tuple[slice, slice] | None:
        """Rows and columns of a character, None where it lies outside a picture of `shape`."""
        x, y = self.centres[slot]
        w, h = self.half_widths[slot], self.half_height
        top, bottom = max(0, round(y - h)), min(shape[0], round(y + h))
        left, right = max(0, round(x - w)), min(shape[1], round(x + w))
        if bottom - top < 3 or right - left < 2:
            return None
        return slice(top, bottom), slice(left, right)


def lost_ink(before: Picture, opacity: Floats, cells: Cells) -> np.ndarray:
    """Share (8,) of each character's ink that `opacity` (H, W), 0..1, hides."""
    hidden = np.clip((opacity - _HIDDEN_FROM) / (_HIDDEN_AT - _HIDDEN_FROM), 0, 1)
    lost = np.zeros(8)
    for slot in range(8):
        window = cells.window(slot, before.shape)
        if window is None:
            lost[slot] = 1.0
            continue
        patch = before[window].astype(np.float32)
        low, high = np.percentile(patch, (8, 92))
        middle = (low + high) / 2
        ink = patch > middle if cells.light_ink else patch < middle
        lost[slot] = hidden[window][ink].mean() if ink.any() else hidden[window].mean()
    return lost


def covered(cut: Picture, cells: Cells, rng: np.random.Generator, grounds: list[Picture],
            ) -> tuple[Picture, np.ndarray]:  # fmt: skip
    """A randomly covered copy of a plate's picture, and the share of lost ink (8,).

    A cover in the colour of the plate looks like an empty place, so a little lost ink counts more.
    """
    kind = rng.random()
    opacity: Floats = np.zeros(cut.shape, np.float32)
    if kind < 0.45:
        for _ in range(1 if rng.random() < 0.7 else 2):
            _blot(opacity, cells, rng)
    elif kind < 0.66:
        _dirt(opacity, cells, rng)
    elif kind < 0.74:
        _mud(opacity, rng)
    elif kind < 0.84:
        return _glared(cut, cells, rng)
    elif kind < 0.93:
        _bar(opacity, cells, rng)
    else:
        return _cut_off(cut, cells, rng)
    if rng.random() < 0.6:
        blurred = cv2.GaussianBlur(opacity, (0, 0), float(rng.uniform(0.3, 1.4)))
        opacity = np.asarray(blurred, np.float32)
    opacity *= 1.0 if rng.random() < 0.6 else float(rng.uniform(0.5, 1.0))
    tone, like_paper = _material(cut, cells, rng, grounds)
    shown = cut + (tone - cut) * opacity
    lost = lost_ink(cut, opacity, cells)
    return np.clip(shown, 0, 255).astype(np.uint8), lost * (1.6 if like_paper else 1.0)


def unreadable(lost: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which characters count as unreadable (8,): surely from 0.6 lost on, never below 0.22.

    Between them chance decides, so that the network's posterior follows the doubt.
    """
    return np.clip((lost - 0.22) / 0.38, 0, 1) > rng.random(8)


def _blot(opacity: Floats, cells: Cells, rng: np.random.Generator) -> None:
    """One blot over about one character, seldom over several or between two."""
    slot = int(rng.integers(8))
    x, y = cells.centres[slot] + rng.normal(0, 0.25, 2) * [cells.half_widths[slot],
                                                           cells.half_height]  # fmt: skip
    grow = float(np.exp(rng.normal(0, 0.3)))
    w = cells.half_widths[slot] * grow * (1.0 if rng.random() < 0.8 else rng.uniform(1.5, 5))
    h = cells.half_height * float(np.exp(rng.normal(0.05, 0.3)))
    shape = rng.random()
    if shape < 0.4:
        axes = (max(2, round(w * 1.15)), max(2, round(h * 1.1)))
        turn_degrees = float(rng.uniform(-25, 25))
        cv2.ellipse(opacity, (round(x), round(y)), axes, turn_degrees, 0, 360, 1.0, -1)
    elif shape < 0.75:
        turn = np.radians(rng.normal(0, 6))
        axis = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        corners = np.array([[-w, -h], [w, -h], [w, h], [-w, h]]) @ axis + [x, y]
        cv2.fillPoly(opacity, [corners.round().astype(np.int32)], 1.0)
    else:
        angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
        radii = rng.uniform(0.6, 1.3, 9)
        points = np.stack([x + np.cos(angles) * radii * w, y + np.sin(angles) * radii * h], 1)
        cv2.fillPoly(opacity, [points.round().astype(np.int32)], 1.0)


def _dirt(opacity: Floats, cells: Cells, rng: np.random.Generator) -> None:
    """Splashes anywhere on the plate."""
    height, width = opacity.shape
    big = rng.uniform(1.5, 6.5)
    for _ in range(int(rng.integers(2, 16))):
        if rng.random() < 0.3:
            x, y = cells.centres[int(rng.integers(8))] + rng.normal(0, 4, 2)
        else:
            x, y = rng.uniform(5, width - 5), rng.uniform(3, height - 3)
        cv2.circle(opacity, (round(x), round(y)), max(1, round(big * rng.uniform(0.4, 1.4))),
                   float(rng.uniform(0.8, 1.0)), -1)  # fmt: skip


def _mud(opacity: Floats, rng: np.random.Generator) -> None:
    """A crust with holes."""
    coarse = rng.random((int(rng.integers(3, 8)), int(rng.integers(6, 24)))).astype(np.float32)
    field = cv2.resize(coarse, opacity.shape[::-1], interpolation=cv2.INTER_CUBIC)
    limit = float(rng.uniform(0.45, 0.85))
    opacity[:] = np.clip((field - limit) * rng.uniform(4, 20), 0, 1) * rng.uniform(0.85, 1.0)


def _glared(cut: Picture, cells: Cells, rng: np.random.Generator,
            ) -> tuple[Picture, np.ndarray]:  # fmt: skip
    """A reflection that saturates part of the plate."""
    height, width = cut.shape
    x, y = cells.centres[int(rng.integers(8))] + rng.normal(0, 5, 2)
    wide, tall = rng.uniform(5, 40), rng.uniform(6, 40)
    across = np.exp(-(((np.arange(width) - x) / wide) ** 2)) * rng.uniform(0.5, 1.6)
    down = np.exp(-(((np.arange(height) - y) / tall) ** 2))
    light = (down[:, None] * across[None]).astype(np.float32)
    light *= rng.uniform(150, 420)
    shown = np.clip(cut + light, 0, 255)
    # Characters are lost where the darker of ink and plate saturates too.
    opacity = np.clip((np.percentile(cut, 10) + light - 215) / 35, 0, 1).astype(np.float32)
    return shown.astype(np.uint8), lost_ink(cut, opacity, cells)


def _bar(opacity: Floats, cells: Cells, rng: np.random.Generator) -> None:
    """A bumper, a hitch or a frame across the plate, or a thin wire."""
    height, width = opacity.shape
    y = cells.centres[:, 1].mean()
    kind = rng.random()
    if kind < 0.45:
        edge = y + rng.choice([-1, 1]) * cells.half_height * rng.uniform(-0.3, 0.9)
        rows = slice(0, max(1, round(edge))) if edge < y else slice(round(edge), height)
        columns = slice(0, width)
        if rng.random() < 0.5:
            start = int(rng.integers(0, width - 20))
            columns = slice(start, start + int(rng.integers(15, 90)))
        opacity[rows, columns] = 1.0
    else:
        (x1, y1), (x2, y2) = (rng.uniform(0, 1, (2, 2)) * [width, height]).astype(int).tolist()
        cv2.line(opacity, (x1, y1), (x2, y2), 1.0, int(rng.integers(1, 6)))


def _cut_off(cut: Picture, cells: Cells, rng: np.random.Generator,
             ) -> tuple[Picture, np.ndarray]:  # fmt: skip
    """The plate leaves the picture on one side; the edge is repeated, as readers do, or filled."""
    width = cut.shape[1]
    shown, opacity = cut.copy(), np.zeros(cut.shape, np.float32)
    slot = int(rng.choice([0, 0, 1, 2, 5, 6, 7, 7]))
    edge = int(np.clip(cells.centres[slot, 0] + rng.normal(0, 1.0) * cells.half_widths[slot],
                       4, width - 5))  # fmt: skip
    columns, kept = (slice(0, edge), edge) if slot < 4 else (slice(edge, width), edge - 1)
    opacity[:, columns] = 1.0
    fill = cut[:, kept : kept + 1] if rng.random() < 0.6 else np.uint8(rng.integers(0, 256))
    shown[:, columns] = fill
    return shown, lost_ink(cut, opacity, cells)


def _material(cut: Picture, cells: Cells, rng: np.random.Generator, grounds: list[Picture],
              ) -> tuple[Floats, bool]:  # fmt: skip
    """The cover's tones (H, W), and whether they are those of the plate's own ground."""
    kind = rng.random()
    if kind < 0.25:
        paper = np.percentile(cut[:, 30:-20], 15 if cells.light_ink else 85)
        return np.full(cut.shape, paper + rng.normal(0, 6), np.float32), True
    if kind < 0.75:
        tone = np.percentile(cut, 8) if kind < 0.35 else rng.uniform(0, 255)
        flat = np.full(cut.shape, tone, np.float32)
        if rng.random() < 0.4:
            coarse = rng.normal(0, rng.uniform(4, 30), (12, 48)).astype(np.float32)
            flat += cv2.resize(coarse, cut.shape[::-1])
        return flat, False
    ground = grounds[int(rng.integers(len(grounds)))]
    y, x = int(rng.integers(0, ground.shape[0] - 40)), int(rng.integers(0, ground.shape[1] - 60))
    return cv2.resize(ground[y : y + 36, x : x + 56], cut.shape[::-1]).astype(np.float32), False
