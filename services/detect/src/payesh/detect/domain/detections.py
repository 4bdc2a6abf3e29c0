"""What a detector finds in one frame."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

VEHICLE_CLASSES = ("car", "van", "bus", "truck", "motorcycle", "bicycle", "unknown")
"""Names by class id; every detector maps to these, whatever its weights were trained with."""

UNKNOWN = VEHICLE_CLASSES.index("unknown")


@dataclass(frozen=True, slots=True)
class Detections:
    """Vehicles found in one frame, pixels, origin at the top left of the full frame.

    `xyxy` float32 (n, 4) left, top, right, bottom; `score` float32 (n,) in 0..1;
    `class_id` int64 (n,) into VEHICLE_CLASSES. `persons` float32 (m, 4) are boxes of people, who
    are no rows and are not followed; None where the detector tells nothing of people, and of
    rows that were taken or joined.
    """

    xyxy: NDArray[np.float32]
    score: NDArray[np.float32]
    class_id: NDArray[np.int64]
    persons: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.xyxy)

    def take(self, index: NDArray[Any]) -> "Detections":
        """The rows that `index` (integers or a mask) names, in its order."""
        return Detections(self.xyxy[index], self.score[index], self.class_id[index])

    def followed_by(self, other: "Detections") -> "Detections":
        """These rows, then the other's."""
        return Detections(
            np.concatenate([self.xyxy, other.xyxy]),
            np.concatenate([self.score, other.score]),
            np.concatenate([self.class_id, other.class_id]),
        )

    def box(self, row: int) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of one row."""
        left, top, right, bottom = (float(value) for value in self.xyxy[row])
        return left, top, right, bottom

    @classmethod
    def of(cls, xyxy: Any, score: Any, class_id: Any) -> "Detections":
        """From anything array-like; empty lists give empty detections."""
        return cls(
            np.asarray(xyxy, dtype=np.float32).reshape(-1, 4),
            np.asarray(score, dtype=np.float32).reshape(-1),
            np.asarray(class_id, dtype=np.int64).reshape(-1),
        )


def pairwise_iou(a: Floats, b: Floats) -> Floats:
    """Intersection over union of boxes `a` (n, 4) and `b` (m, 4), shape (n, m).

    >>> pairwise_iou(np.array([[0, 0, 2, 2.]]), np.array([[1, 0, 3, 2.]])).round(3).tolist()
    [[0.333]]
    """
    left_top = np.maximum(a[:, None, :2], b[None, :, :2])
    right_bottom = np.minimum(a[:, None, 2:], b[None, :, 2:])
    size = np.clip(right_bottom - left_top, 0.0, None)
    intersection = size[..., 0] * size[..., 1]
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    union = area_a[:, None] + area_b[None, :] - intersection
    return np.asarray(intersection / np.maximum(union, 1e-9))


def suppress_overlaps(detections: Detections, iou_threshold: float) -> Detections:
    """Greedy non-maximum suppression across classes, best score first.

    Across classes because one vehicle is one passage, whether a truck or a bus.
    """
    return detections.take(rows_without_overlaps(detections, iou_threshold))


def rows_without_overlaps(detections: Detections, iou_threshold: float) -> NDArray[np.int64]:
    """The rows that `suppress_overlaps` leaves, in its order."""
    order = np.argsort(-detections.score, kind="stable")
    overlap = pairwise_iou(detections.xyxy, detections.xyxy) > iou_threshold
    kept: list[int] = []
    suppressed = np.zeros(len(detections), dtype=bool)
    for index in order:
        if not suppressed[index]:
            kept.append(int(index))
            suppressed |= overlap[index]
    return np.array(kept, dtype=np.int64)
