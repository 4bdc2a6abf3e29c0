"""Average precision of boxes with scores (Everingham et al., IJCV 2010, all points)."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from payesh.detect.domain.detections import Detections, Floats, pairwise_iou

_SAME = 0.5


@dataclass(slots=True)
class Tally:
    """Right and wrong boxes of one class by score, over any number of pictures."""

    truths: int = 0
    rows: list[tuple[float, bool]] = field(default_factory=list)

    def add(self, found: Detections, wanted: Floats, neutral: Floats) -> NDArray[np.bool_]:
        """Match `found` with the boxes `wanted` (n, 4), best score first, each once.

        A box that matches or lies half inside one of `neutral` (m, 4) is neither right nor wrong.
        Returns which of `wanted` were found, bool (n,).
        """
        self.truths += len(wanted)
        used = np.zeros(len(wanted), dtype=bool)
        overlap = pairwise_iou(found.xyxy, wanted)
        excused = _excused(found.xyxy, neutral)
        for row in np.argsort(-found.score, kind="stable"):
            free = overlap[row] * ~used
            if len(free) and free.max() >= _SAME:
                used[int(free.argmax())] = True
                self.rows.append((float(found.score[row]), True))
            elif not excused[row]:
                self.rows.append((float(found.score[row]), False))
        return used

    def average_precision(self) -> float | None:
        """Area under the precision envelope, 0..1; None without truths.

        >>> tally = Tally(truths=2, rows=[(0.9, True), (0.8, False), (0.7, True)])
        >>> round(tally.average_precision(), 3)
        0.833
        """
        if not self.truths:
            return None
        right = np.array([correct for _, correct in self._best_first()], dtype=float).cumsum()
        if not len(right):
            return 0.0
        precision = right / np.arange(1, len(right) + 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return float((envelope * np.diff(right / self.truths, prepend=0.0)).sum())

    def recall(self, false_boxes: float) -> float | None:
        """Recall at the score below which more boxes than `false_boxes` are wrong."""
        right = 0
        for _, correct in self._best_first():
            false_boxes -= not correct
            if false_boxes < 0:
                break
            right += correct
        return right / self.truths if self.truths else None

    def _best_first(self) -> list[tuple[float, bool]]:
        return sorted(self.rows, key=lambda row: -row[0])


def _excused(boxes: Floats, neutral: Floats) -> NDArray[np.bool_]:
    if not len(neutral) or not len(boxes):
        return np.zeros(len(boxes), dtype=bool)
    left_top = np.maximum(boxes[:, None, :2], neutral[None, :, :2])
    right_bottom = np.minimum(boxes[:, None, 2:], neutral[None, :, 2:])
    shared = np.clip(right_bottom - left_top, 0.0, None).prod(axis=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)[:, None]
    inside = shared / np.maximum(area, 1e-9)
    near = (pairwise_iou(boxes, neutral) >= _SAME) | (inside >= _SAME)
    return np.asarray(near.any(axis=1))
