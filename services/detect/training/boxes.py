"""Corner boxes (n, 4) as arrays: overlap, share inside, suppression."""

import numpy as np


def shared_areas(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) areas that boxes have in common."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:4], b[None, :, 2:4])
    return np.clip(high - low, 0, None).prod(2)


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
    rest = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(rest):
        kept.append(int(rest[0]))
        rest = rest[1:]
        rest = rest[overlaps(boxes[kept[-1:]], boxes[rest])[0] <= limit]
    return np.array(kept, int)
