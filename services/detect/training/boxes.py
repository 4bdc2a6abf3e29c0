"""Corner boxes (n, 4) as arrays: overlap, share inside, suppression."""

import numpy as np


def shared_areas(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) areas that boxes have in common."""
    wide = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0])
    high = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    return wide.clip(0) * high.clip(0)


def areas(a: np.ndarray) -> np.ndarray:
    """(n,) areas."""
    return (a[:, 2:4] - a[:, :2]).clip(0).prod(1)


def overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) intersection over union."""
    shared = shared_areas(a, b)
    return shared / (areas(a)[:, None] + areas(b)[None] - shared + 1e-9)


def share_inside(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) share of each `a` that lies in each `b`."""
    return shared_areas(a, b) / (areas(a)[:, None] + 1e-9)


def suppress(boxes: np.ndarray, scores: np.ndarray, limit: float) -> np.ndarray:
    """Indices kept, best first: none overlaps a better one by more than `limit`."""
    order = np.argsort(-scores, kind="stable")
    near = overlaps(boxes[order], boxes[order]) > limit
    free, kept = np.ones(len(order), bool), []
    for i in range(len(order)):
        if free[i]:
            kept.append(int(order[i]))
            free &= ~near[i]
    return np.array(kept, int)
