"""Plates located by the packaged network `plate_locator.onnx`."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.plates.adapters.packaged_model import PackagedModel
from payesh.plates.domain.located_plate import LocatedPlate

_STRIDE_PX = 8
_SIZE_UNIT_PX = 16.0
_CANDIDATES = 200
# The longest side of the fine pass, then a pass at half the size or less for plates that fill the
# picture, large or small: wider than some 150 px the network begins to miss them.
_FINE_SIDE_PX = 1280
_COARSE_SIDE_PX, _COARSE_SCALE = 448, 0.5
_LEAST_SIDE_PX = 256
# The coarse pass locates small plates too, but less exactly: the fine pass has those.
_COARSE_LEAST_WIDTH_PX = 56.0


class OnnxPlateLocator:
    """Locates plates of any size on `threads` CPU threads.

    Boxes below `least_score` are dropped; of boxes that overlap by more than `overlap`
    (intersection over union, or over the smaller box) the one with the highest score is kept.
    """

    def __init__(
        self,
        model_path: Path | None = None,
        *,
        threads: int = 1,
        least_score: float = 0.5,
        overlap: float = 0.4,
    ) -> None:
        self._model = PackagedModel(model_path, "plate_locator.onnx", threads)
        self._least_score = least_score
        self._overlap = overlap

    @property
    def sha256(self) -> str:
        """SHA-256 of the weights, hexadecimal."""
        return self._model.sha256

    def locate(self, image_bgr: NDArray[np.uint8]) -> list[LocatedPlate]:
        """Plates in `image_bgr` (H, W, 3), 32 to 4096 px a side, the highest score first."""
        grey = np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY), np.uint8)
        longest = max(grey.shape)
        fine_side = min(max(longest, _LEAST_SIDE_PX), _FINE_SIDE_PX)
        found = self._search(grey, fine_side / longest)
        scale = min(_COARSE_SCALE, _COARSE_SIDE_PX / longest)
        large = self._search(grey, scale)
        large = large[(large[:, 2] - large[:, 0]) * scale >= _COARSE_LEAST_WIDTH_PX]
        kept = _best_of_overlapping(np.concatenate([found, large]), self._overlap)
        height, width = grey.shape
        plates = []
        for x1, y1, x2, y2, score in kept.tolist():
            left, top = max(x1, 0.0), max(y1, 0.0)
            box_width, box_height = min(x2, width) - left, min(y2, height) - top
            if box_width >= 4 and box_height >= 2:
                plates.append(LocatedPlate(left, top, box_width, box_height, score))
        return plates

    def _search(self, grey: NDArray[np.uint8], scale: float) -> NDArray[np.float32]:
        """Candidates (n, 5) x1 y1 x2 y2 score in pixels of `grey`, searched at `scale`."""
        height, width = (max(1, round(side * scale)) for side in grey.shape)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        shown = cv2.resize(grey, (width, height), interpolation=how)
        padded = np.full((-(-height // 32) * 32, -(-width // 32) * 32), 114, np.uint8)
        padded[:height, :width] = shown
        cells = self._model.run((padded[None, None] / np.float32(255)).astype(np.float32))[0]
        scores = 1 / (1 + np.exp(-cells[0]))
        # A cell that is not the highest among its neighbours is part of the same plate.
        peaks = cv2.dilate(scores, np.ones((3, 3), np.uint8)) <= scores
        ys, xs = np.nonzero(peaks & (scores >= self._least_score))
        if len(ys) > _CANDIDATES:
            best = np.argsort(-scores[ys, xs])[:_CANDIDATES]
            ys, xs = ys[best], xs[best]
        dx, dy, log_w, log_h = cells[1:, ys, xs]
        cx, cy = (xs + 0.5 + dx) * _STRIDE_PX, (ys + 0.5 + dy) * _STRIDE_PX
        half_w = np.exp(np.clip(log_w, -3, 5)) * _SIZE_UNIT_PX / 2
        half_h = np.exp(np.clip(log_h, -3, 5)) * _SIZE_UNIT_PX / 2
        # Rounded sizes make the two scales differ slightly from `scale`.
        per_x, per_y = grey.shape[1] / width, grey.shape[0] / height
        boxes = np.stack(
            [
                (cx - half_w) * per_x,
                (cy - half_h) * per_y,
                (cx + half_w) * per_x,
                (cy + half_h) * per_y,
                scores[ys, xs],
            ],
            1,
        )
        return boxes.astype(np.float32)


def _best_of_overlapping(boxes: NDArray[np.float32], overlap: float) -> NDArray[np.float32]:
    """Greedy non-maximum suppression: boxes (n, 5) kept, the highest score first."""
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    alive = np.ones(len(boxes), bool)
    kept = []
    for i in range(len(boxes)):
        if not alive[i]:
            continue
        kept.append(i)
        low = np.maximum(boxes[i, :2], boxes[:, :2])
        high = np.minimum(boxes[i, 2:4], boxes[:, 2:4])
        shared = np.clip(high - low, 0, None).prod(1)
        alive &= shared <= overlap * (areas[i] + areas - shared)
        alive &= shared <= 0.7 * np.minimum(areas[i], areas)
    return boxes[kept]
