"""Ways through the junction and how vehicles drive along them: pieces of even acceleration."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from payesh.local.junction.layout import Point
from payesh.local.street.geometry import Floats

_STEP_M = 0.1
COMFORTABLE_MS2 = 2.6
"""Braking and, a little less, pulling away."""
_PULL_AWAY_MS2 = 2.0


class Path:
    """A polyline with rounded corners; `s` counts metres along it and may go beyond its ends."""

    def __init__(self, points: tuple[Point, ...], radius_m: float = 6.0) -> None:
        self.points = _rounded(points, radius_m)
        steps = np.hypot(*np.diff(self.points, axis=0).T)
        self.lengths = np.concatenate([[0.0], np.cumsum(steps)])

    def at(self, s: Floats | float) -> Floats:
        """Points (n, 2) in metres."""
        values = np.atleast_1d(np.asarray(s, float))
        places = np.stack(
            [np.interp(values, self.lengths, self.points[:, axis]) for axis in (0, 1)], axis=1
        )
        for end, beyond in ((0, values < 0), (-1, values > self.lengths[-1])):
            a, b = (0, 1) if end == 0 else (-2, -1)
            way = self.points[b] - self.points[a]
            way = way / np.hypot(*way)
            over = values[beyond] - self.lengths[end]
            places[beyond] = self.points[end] + over[:, None] * way
        return np.asarray(places)

    def reaching(self, *, x: float | None = None, y: float = 0.0) -> float:
        """The first `s` at which the way reaches this x, or else this y. Raises ValueError."""
        axis, value = (1, y) if x is None else (0, x)
        column = self.points[:, axis] - value
        crossed = np.flatnonzero(np.diff(np.signbit(column)))
        if not len(crossed):
            raise ValueError(f"the way does not reach {value} m")
        index = int(crossed[0])
        share = column[index] / (column[index] - column[index + 1])
        step = self.lengths[index + 1] - self.lengths[index]
        return float(self.lengths[index] + share * step)


def _rounded(points: tuple[Point, ...], radius_m: float) -> Floats:
    """Corners cut by quadratic curves that begin `radius_m` before them, or half a leg."""
    corners = [np.array(point, float) for point in points]
    pieces = [corners[0]]
    curves = []
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        way_in, way_out = corner - before, after - corner
        legs = np.hypot(*way_in), np.hypot(*way_out)
        reach = min(radius_m, 0.5 * legs[0], 0.5 * legs[1])
        curves.append(
            (corner - way_in / legs[0] * reach, corner, corner + way_out / legs[1] * reach)
        )
    for first, middle, last in curves:
        for share in np.linspace(0.0, 1.0, 33):
            pieces.append(
                (1 - share) ** 2 * first + 2 * share * (1 - share) * middle + share**2 * last
            )
    pieces.append(corners[-1])
    dense = [pieces[0]]
    for start, end in pairwise(pieces):
        count = max(1, round(float(np.hypot(*(end - start))) / _STEP_M))
        dense += [start + (end - start) * k / count for k in range(1, count + 1)]
    return np.array(dense)


@dataclass(frozen=True, slots=True)
class _Piece:
    since_s: float
    s: float
    speed: float
    acceleration: float


class Drive:
    """Metres along a path as a function of time, built piece by piece. Speeds in m/s."""

    def __init__(self, time_s: float, s: float, speed: float) -> None:
        """It passes `s` at `time_s` with an even speed until then."""
        self._pieces = [_Piece(time_s, s, speed, 0.0)]
        self._end = (time_s, s, speed)

    def cruise_to(self, s: float) -> Self:
        _, at, speed = self._end
        return self._add(0.0, (s - at) / speed)

    def stop_at(self, s: float) -> Self:
        """Cruise, then brake so that it stands at `s`."""
        _, at, speed = self._end
        way = speed * speed / (2 * COMFORTABLE_MS2)
        if s - way > at:
            self.cruise_to(s - way)
        _, at, speed = self._end
        braking = speed * speed / (2 * max(s - at, 0.1))
        return self._add(-braking, speed / braking)

    def stand_until(self, time_s: float) -> Self:
        return self._add(0.0, max(time_s - self._end[0], 0.0))

    def go(self, speed: float) -> Self:
        """Change to a speed; a negative one is backwards."""
        difference = speed - self._end[2]
        rate = _PULL_AWAY_MS2 if difference > 0 else -_PULL_AWAY_MS2
        return self._add(rate, difference / rate)

    def until(self, time_s: float) -> Self:
        return self._add(0.0, max(time_s - self._end[0], 0.0))

    def _add(self, acceleration: float, duration_s: float) -> Self:
        time_s, s, speed = self._end
        self._pieces.append(_Piece(time_s, s, speed, acceleration))
        s += speed * duration_s + acceleration * duration_s**2 / 2
        speed += acceleration * duration_s
        speed = 0.0 if abs(speed) < 1e-6 else speed
        self._end = (time_s + duration_s, s, speed)
        self._pieces.append(_Piece(*self._end, 0.0))
        return self

    @property
    def begins_at_s(self) -> float:
        return self._pieces[0].since_s

    @property
    def ends_at_s(self) -> float:
        return self._end[0]

    def at(self, times_s: Floats | float) -> tuple[Floats, Floats]:
        """Metres along the path and speeds, each (n,)."""
        times = np.atleast_1d(np.asarray(times_s, float))
        since = np.array([piece.since_s for piece in self._pieces])
        index = np.clip(np.searchsorted(since, times, side="right") - 1, 0, None)
        s, speed, rate = (
            np.array([getattr(piece, name) for piece in self._pieces])[index]
            for name in ("s", "speed", "acceleration")
        )
        passed = times - since[index]
        return s + speed * passed + rate * passed**2 / 2, speed + rate * passed
