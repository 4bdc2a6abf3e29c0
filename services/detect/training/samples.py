"""Batches of the detector's training, each drawn from its number alone, so that a run goes on
after a stop exactly where it was."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from boxes import areas
from pictures import load, pixels
from torch.utils.data import DataLoader, Dataset
from truths import IGNORED, NONE, TEACHER_ALONE, both, completed, labels_of

SIZES = ((448, 448), (384, 512), (352, 576), (512, 384))
# A picture's longest side as `detect` will see it, times a factor of 0.4 to 1.6.
SHOWN_SIDE = 800
_SHARES = {"sgn": 0.25, "atl": 0.14, "man": 0.14, "top": 0.08, "nep": 0.08, "tid": 0.05,
           "oim": 0.03, "port": 0.03, "frame": 0.09, "clip": 0.08, "photo": 0.03}  # fmt: skip
# Groups stretched to a square from about 16:9.
_STRETCHED = ("sgn", "top", "oim", "port")


class Samples(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Pictures that the teacher has seen, with truths, and the batch of any number."""

    def __init__(
        self, work: Path, seed: int, batch: int, unpacked: Path | None = None, processes: int = 1
    ) -> None:
        self.pictures, self.memory, self.manifest = load(work, unpacked, max(1, processes))
        self.seed, self.batch = seed, batch
        with np.load(work / "teacher.npz") as seen:
            names = set(seen.files)
            found = {p.name: seen[p.name] for p in self.pictures if p.name in names}
        if (work / "own.npz").exists():
            with np.load(work / "own.npz") as own:
                found = {n: both(f, own[n]) if n in own else f for n, f in found.items()}
        none = np.zeros((0, 6), np.float32)
        self.truths = [
            completed(labels_of(p.labels), found.get(p.name, none), p.group) for p in self.pictures
        ]
        self.groups: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for group in _SHARES:
            chosen = [i for i, p in enumerate(self.pictures)
                      if p.group == group and p.name in names]  # fmt: skip
            if not chosen:
                continue
            sources = [self.pictures[i].source for i in chosen]
            # Within a group a camera counts as the root of its number of pictures.
            weight = np.array([sources.count(s) ** -0.5 for s in sources])
            self.groups[group] = np.array(chosen), (weight / weight.sum()).cumsum()
        self.names = list(self.groups)
        self.count = sum(len(chosen) for chosen, _ in self.groups.values())
        shares = np.array([_SHARES[n] for n in self.names])
        self.shares = (shares / shares.sum()).cumsum()

    def __getitem__(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Batch `number`: pictures (n, h, w, 3) uint8, and truths (n, m, 6) in pixels of each,
        filled up with rows of kind `NONE`; those with few truths first."""
        cv2.setNumThreads(1)
        rng = np.random.default_rng((self.seed, number))
        height, width = SIZES[int(rng.integers(len(SIZES)))]
        images = np.full((self.batch, height, width, 3), 114, np.uint8)
        rows = [self._sample(rng, image) for image in images]
        order = sorted(range(self.batch), key=lambda i: len(rows[i]))
        truths = np.zeros((self.batch, max(1, len(rows[order[-1]])), 6), np.float32)
        truths[..., 0] = NONE
        for own, i in zip(truths, order, strict=True):
            own[: len(rows[i])] = rows[i]
        return torch.from_numpy(images[order]), torch.from_numpy(truths)

    def following(self, number: int, processes: int, pinned: bool = False) -> Iterator[
        tuple[torch.Tensor, torch.Tensor]
    ]:  # fmt: skip
        """Batches from `number` on, made ahead by `processes`."""
        return iter(
            DataLoader(
                self, batch_size=None, sampler=range(number, 1 << 40), num_workers=processes,
                prefetch_factor=3 if processes else None, pin_memory=pinned,
            )
        )  # fmt: skip

    def _sample(self, rng: np.random.Generator, canvas: np.ndarray) -> np.ndarray:
        """Fill the canvas; its truths."""
        height, width = canvas.shape[:2]
        if rng.random() < 0.3:  # four pictures
            x, y = round(width * rng.uniform(0.3, 0.7)), round(height * rng.uniform(0.3, 0.7))
            tiles = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
        else:
            tiles = [(0, 0, width, height)]
        truths = []
        for x1, y1, x2, y2 in tiles:
            image, boxes = self._window(rng, y2 - y1, x2 - x1)
            canvas[y1:y2, x1:x2] = image
            boxes[:, 1:5] += [x1, y1, x1, y1]
            truths.append(boxes)
        canvas[:] = worsened(canvas, rng)
        return np.concatenate(truths)

    def _window(
        self, rng: np.random.Generator, height: int, width: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """A part of one picture, (height, width), at a random scale."""
        chosen, weight = self.groups[self.names[_drawn(rng, self.shares)]]
        index = int(chosen[_drawn(rng, weight)])
        picture = self.pictures[index]
        image, truths = pixels(picture, self.memory), self.truths[index].copy()
        scale = SHOWN_SIDE / max(image.shape[:2]) * 2 ** rng.uniform(-1.3, 0.7)
        aspect = np.exp(rng.normal(0, 0.1))
        if picture.group in _STRETCHED and rng.random() < 0.5:
            aspect *= rng.uniform(1.2, 1.8)
        elif rng.random() < 0.2:
            aspect /= rng.uniform(1.2, 1.8)
        wide = max(16.0, image.shape[1] * scale * aspect**0.5)
        high = max(16.0, image.shape[0] * scale / aspect**0.5)
        truths[:, 1:5] *= [wide, high, wide, high]
        left, top = _placed(rng, wide, width), _placed(rng, high, height)
        real = truths[~np.isin(truths[:, 0], (IGNORED, TEACHER_ALONE))]
        if len(real) and rng.random() < 0.7:  # something to see
            centre = real[int(rng.integers(len(real)))]
            left = _around(rng, (centre[1] + centre[3]) / 2, wide, width)
            top = _around(rng, (centre[2] + centre[4]) / 2, high, height)
        turn = np.array([[wide / image.shape[1], 0, -left], [0, high / image.shape[0], -top]])
        shrinks = wide < 0.7 * image.shape[1]
        if shrinks:
            size = max(1, round(wide)), max(1, round(high))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            turn = np.array([[1.0, 0, -left], [0, 1.0, -top]])
        shown = cv2.warpAffine(
            image, turn, (width, height), flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT, borderValue=(114, 114, 114),
        )  # fmt: skip
        truths[:, 1:5] -= [left, top, left, top]
        if rng.random() < 0.5:
            shown = cv2.flip(shown, 1)
            truths[:, [1, 3]] = width - truths[:, [3, 1]]
        return shown, _clipped(truths, width, height)


def _drawn(rng: np.random.Generator, sums: np.ndarray) -> int:
    """An index by cumulative weights."""
    return min(int(np.searchsorted(sums, rng.random(), "right")), len(sums) - 1)


def _placed(rng: np.random.Generator, length: float, window: int) -> float:
    return float(rng.uniform(min(0.0, length - window), max(0.0, length - window)))


def _around(rng: np.random.Generator, centre: float, length: float, window: int) -> float:
    start = centre - window * rng.uniform(0.2, 0.8)
    return float(np.clip(start, min(0.0, length - window), max(0.0, length - window)))


def _clipped(truths: np.ndarray, width: int, height: int) -> np.ndarray:
    """Truths inside the window; slivers and specks are neither right nor wrong."""
    whole = areas(truths[:, 1:5])
    truths[:, [1, 3]] = truths[:, [1, 3]].clip(0, width)
    truths[:, [2, 4]] = truths[:, [2, 4]].clip(0, height)
    seen = areas(truths[:, 1:5])
    small = (truths[:, 3:5] - truths[:, 1:3]).min(1, initial=99) < 4
    truths[((seen < 0.35 * whole) | small) & (truths[:, 0] != TEACHER_ALONE), 0] = IGNORED
    return truths[seen > 4]


def worsened(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What cameras, weather and coding do to a picture."""
    height, width = image.shape[:2]
    if rng.random() < 0.7:  # exposure, tint, contrast
        gain = rng.uniform(0.6, 1.35) * rng.uniform(0.88, 1.12, 3)
        table = (np.arange(256)[:, None] / 255) ** rng.uniform(0.7, 1.5) * 255 * gain[None]
        image = _looked_up(image, table + rng.uniform(-20, 20))
    if rng.random() < 0.15:  # saturation
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None].repeat(3, 2)
        image = cv2.addWeighted(image, s := rng.uniform(0.1, 1.6), grey, 1 - s, 0)
    elif rng.random() < 0.15:  # infrared or old camera
        image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None].repeat(3, 2)
    if rng.random() < 0.12:  # night: dark, lamps left bright
        table = (np.arange(256) / 255) ** rng.uniform(1.6, 3.0) * rng.uniform(0.45, 1.0)
        tint = np.array([rng.uniform(0.7, 1.1), rng.uniform(0.8, 1.0), rng.uniform(0.85, 1.2)])
        image = _looked_up(image, 255 * table[:, None] * tint[None] + rng.uniform(0, 12))
        if rng.random() < 0.5:
            _lamps(image, rng)
    if rng.random() < 0.08:  # haze
        veil = np.full_like(image, rng.integers(120, 230))
        image = cv2.addWeighted(image, s := rng.uniform(0.35, 0.8), veil, 1 - s, 0)
    if rng.random() < 0.06:  # rain
        image = _rain(image, rng)
    if rng.random() < 0.2:  # a low-resolution camera
        factor = rng.uniform(0.35, 0.85)
        small = cv2.resize(image, (int(width * factor), int(height * factor)),
                           interpolation=cv2.INTER_AREA)  # fmt: skip
        image = cv2.resize(small, (width, height), interpolation=int(rng.choice([0, 1, 2])))
    kind = rng.random()
    if kind < 0.12:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.4))
    elif kind < 0.18:  # motion
        length = int(rng.integers(3, 9))
        kernel = np.zeros((length, length), np.float32)
        angle = rng.uniform(0, np.pi)
        middle, reach = length / 2, length / 2
        end = int(middle + reach * np.cos(angle)), int(middle + reach * np.sin(angle))
        start = int(middle - reach * np.cos(angle)), int(middle - reach * np.sin(angle))
        cv2.line(kernel, start, end, 1.0)
        image = cv2.filter2D(image, -1, kernel / max(kernel.sum(), 1))
    if rng.random() < 0.2:
        noise = rng.standard_normal((height, width, 1 if rng.random() < 0.5 else 3), np.float32)
        image = np.clip(image + noise * rng.uniform(2, 16), 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(12, 85))]
        decoded = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)
        assert decoded is not None, "a picture just compressed"
        image = decoded
    return image


def _looked_up(image: np.ndarray, table: np.ndarray) -> np.ndarray:
    return cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8)[None])


def _lamps(image: np.ndarray, rng: np.random.Generator) -> None:
    glow = np.zeros_like(image)
    for _ in range(int(rng.integers(1, 6))):
        at = int(rng.integers(image.shape[1])), int(rng.integers(image.shape[0]))
        colour = (255, 255, 255) if rng.random() < 0.6 else (60, 60, 255)
        cv2.circle(glow, at, int(rng.integers(2, 14)), colour, -1)
    cv2.add(image, cv2.GaussianBlur(glow, (0, 0), rng.uniform(3, 12)), image)


def _rain(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    streaks = np.zeros(image.shape[:2], np.uint8)
    slant, length = rng.uniform(-0.4, 0.4), int(rng.integers(6, 22))
    for x, y in rng.integers(0, [image.shape[1], image.shape[0]], (int(rng.integers(80, 400)), 2)):
        end = int(x + slant * length), int(y + length)
        cv2.line(streaks, (int(x), int(y)), end, int(rng.integers(60, 160)))
    soft = cv2.GaussianBlur(streaks, (0, 0), 0.7)[..., None].repeat(3, 2)
    return cv2.add(cv2.GaussianBlur(image, (0, 0), 0.6), soft)
