"""Where the ways of vehicles that drive straight on meet in the picture: a point of the road's
horizon, in the direction of travel."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from payesh.detect.domain.geometry import Floats

FEWEST_WAYS = 20
_LEAST_POSITIONS = 15
_LEAST_SHARE_OF_PICTURE = 0.12
_LARGEST_SCATTER_PX = 3.0
_OUTLIER_SIGMAS = 3.0
_LARGEST_TURN = 0.1
_PAIRS = 500
_FARTHEST_IN_WIDTHS = 20.0


class _Way(NamedTuple):
    centre: Floats
    normal: Floats


def vanishing_point(
    ways: Iterable[Floats], picture_px: tuple[int, int]
) -> tuple[float, float] | None:
    """The point that most straight ways (n, 2), in pixels, lead to or come from.

    None with fewer than 20 straight ways, and when they are parallel in the picture. Angles between
    a way and the point's direction are least squares; ways off by three robust deviations, such as
    those of lane changes, are left out.
    """
    shortest = _LEAST_SHARE_OF_PICTURE * float(np.hypot(*picture_px))
    straight = [line for way in ways if (line := _straight(way, shortest)) is not None]
    if len(straight) < FEWEST_WAYS:
        return None
    centre = np.array([line.centre for line in straight])
    normal = np.array([line.normal for line in straight])
    point = _least_median(centre, normal)
    if point is None:
        return None
    for _ in range(10):
        angle, distance = _angles(point, centre, normal)
        spread = 1.4826 * float(np.median(np.abs(angle))) + 1e-9
        weight = (np.abs(angle) < _OUTLIER_SIGMAS * spread) / distance
        rows = normal * weight[:, None]
        offsets = (normal * centre).sum(axis=1) * weight
        point, _, _, singular = np.linalg.lstsq(rows, offsets, rcond=None)
        if singular[1] < 1e-6 * singular[0]:
            return None
    away = float(np.linalg.norm(point - np.array(picture_px) / 2))
    if away > _FARTHEST_IN_WIDTHS * picture_px[0]:
        return None
    return float(point[0]), float(point[1])


def _angles(point: Floats, centre: Floats, normal: Floats) -> tuple[Floats, Floats]:
    """Between each way and the direction to the point, and how far away that is in pixels."""
    distance = np.maximum(np.linalg.norm(point - centre, axis=1), 1.0)
    return ((point - centre) * normal).sum(axis=1) / distance, distance


def _least_median(centre: Floats, normal: Floats) -> Floats | None:
    """Of points where two ways meet, the one whose median angle to all ways is least (Rousseeuw
    1984): up to half of the ways may lead elsewhere."""
    rng = np.random.default_rng(0)
    best, least = None, np.inf
    for first, second in rng.integers(0, len(centre), (_PAIRS, 2)):
        rows = normal[[first, second]]
        if abs(np.linalg.det(rows)) < 1e-4:
            continue
        point = np.linalg.solve(rows, (rows * centre[[first, second]]).sum(axis=1))
        angle, _ = _angles(point, centre, normal)
        median = float(np.median(np.abs(angle)))
        if median < least:
            best, least = point, median
    return best


def _straight(way: Floats, shortest_px: float) -> _Way | None:
    """The line of a way, without pieces where its point strays, as at a border of the picture."""
    kept = _onward(way)
    if len(kept) < _LEAST_POSITIONS:
        return None
    for _ in range(2):
        centre = kept.mean(axis=0)
        _, _, axes = np.linalg.svd(kept - centre, full_matrices=False)
        off = np.abs((kept - centre) @ axes[1])
        spread = 1.4826 * float(np.median(off))
        kept = kept[off <= max(_OUTLIER_SIGMAS * spread, 1.0)]
    scatter = float(np.sqrt(np.mean(((kept - centre) @ axes[1]) ** 2)))
    if np.ptp((kept - centre) @ axes[0]) < shortest_px or scatter > _LARGEST_SCATTER_PX:
        return None
    return _Way(centre, axes[1])


def _onward(way: Floats) -> Floats:
    """The positions (m, 2) from and to which a way keeps its usual direction."""
    lag = max(5, len(way) // 8)
    if len(way) <= lag:
        return way[:0]
    step = way[lag:] - way[:-lag]
    usual = np.median(step, axis=0)
    turned = np.abs(usual[0] * step[:, 1] - usual[1] * step[:, 0])
    straight = turned < _LARGEST_TURN * np.maximum(step @ usual, 0.0)
    kept = np.zeros(len(way), dtype=bool)
    kept[:-lag] |= straight
    kept[lag:] |= straight
    return way[kept]
