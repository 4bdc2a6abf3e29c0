"""Road pictures with vehicles, cut at random scales, for training the vehicle detector."""

from pathlib import Path

import cv2
import numpy as np

VEHICLES = (0, 1, 2, 3)
UNKNOWN, IGNORED = 8, 9
_SHARES = {"atl_": 0.32, "top_": 0.24, "nep_": 0.2, "tid_": 0.14, "oim_": 0.1}


def labels_of(image: Path, extra: dict[str, np.ndarray] | None = None) -> np.ndarray:
    """(n, 5): class, x1, y1, x2, y2 as fractions."""
    text = (image.parent.parent / "labels" / f"{image.stem}.txt").read_text()
    rows = np.array([line.split()[:5] for line in text.splitlines() if line.strip()], np.float32)
    rows = rows.reshape(-1, 5)
    boxes = np.concatenate([rows[:, :1], rows[:, 1:3] - rows[:, 3:] / 2,
                            rows[:, 1:3] + rows[:, 3:] / 2], 1)  # fmt: skip
    if image.name.startswith("atl_"):  # their bus, truck and motorcycle are often wrong
        boxes[np.isin(boxes[:, 0], (1, 2, 3)), 0] = UNKNOWN
    if extra is not None and image.name in extra:
        boxes = np.concatenate([boxes, extra[image.name]])
    return boxes


class VehicleSamples:
    """Endless samples: BGR (side, side, 3) uint8, boxes (n, 5) class, x1..y2 in pixels."""

    def __init__(self, vehicles: Path, seed: int, extra: dict[str, np.ndarray]) -> None:
        self.rng = np.random.default_rng(seed)
        self.groups: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {k: [] for k in _SHARES}
        for file in sorted((vehicles / "train" / "images").iterdir()):
            image = cv2.imread(str(file))
            self.groups[file.name[:4]].append((image, labels_of(file, extra)))
        self.names = list(_SHARES)
        self.shares = np.array([_SHARES[n] for n in self.names])

    def sample(self, side: int) -> tuple[np.ndarray, np.ndarray]:
        rng = self.rng
        group = self.groups[self.names[int(rng.choice(len(self.names), p=self.shares))]]
        image, labels = group[int(rng.integers(len(group)))]
        height, width = image.shape[:2]
        scale = side / max(height, width) * float(np.exp(rng.uniform(np.log(0.55), np.log(1.9))))
        aspect = float(np.exp(rng.normal(0, 0.08)))
        w, h = max(8, round(width * scale * aspect)), max(8, round(height * scale / aspect))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        shown = cv2.resize(image, (w, h), interpolation=how)
        boxes = labels.copy()
        boxes[:, 1:] *= [w, h, w, h]
        if rng.random() < 0.5:
            shown = shown[:, ::-1]
            boxes[:, [1, 3]] = w - boxes[:, [3, 1]]
        x = int(rng.integers(min(0, side - w), max(0, side - w) + 1))
        y = int(rng.integers(min(0, side - h), max(0, side - h) + 1))
        canvas = np.full((side, side, 3), 114, np.uint8)
        x1, y1, x2, y2 = max(x, 0), max(y, 0), min(x + w, side), min(y + h, side)
        canvas[y1:y2, x1:x2] = shown[y1 - y : y2 - y, x1 - x : x2 - x]
        boxes[:, 1:] += [x, y, x, y]
        area = (boxes[:, 3] - boxes[:, 1]) * (boxes[:, 4] - boxes[:, 2])
        boxes[:, 1:] = np.clip(boxes[:, 1:], 0, side)
        seen = (boxes[:, 3] - boxes[:, 1]) * (boxes[:, 4] - boxes[:, 2])
        # A sliver of a vehicle is neither right nor wrong.
        boxes[(seen < 0.35 * area) | (seen < 30), 0] = IGNORED
        boxes = boxes[seen > 4]
        return self._light(canvas), boxes

    def _light(self, image: np.ndarray) -> np.ndarray:
        rng = self.rng
        if rng.random() < 0.7:
            gain = rng.uniform(0.55, 1.35) * rng.uniform(0.9, 1.1, 3)
            table = np.arange(256)[:, None] * gain[None] + rng.uniform(-20, 20)
            image = cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8)[None])
        if rng.random() < 0.1:
            image = np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None], 3, 2)
        if rng.random() < 0.2:
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.2))
        if rng.random() < 0.3:
            quality = int(rng.integers(30, 90))
            coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            image = cv2.imdecode(coded, cv2.IMREAD_COLOR)
        return image
