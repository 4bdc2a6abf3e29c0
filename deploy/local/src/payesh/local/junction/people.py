"""Pedestrians: on the pavements, and on the crosswalk while vehicles have red."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.local.junction.layout import CROSSWALK_M, HALF_ROAD_M, pixel
from payesh.local.junction.signal import CYCLE_S, RED_FROM_S
from payesh.local.street.geometry import PinholeCamera

Image = NDArray[np.uint8]

_HEIGHT_M = 1.72
_COATS = ((60, 58, 64), (130, 84, 60), (70, 76, 132), (150, 150, 146), (52, 90, 70), (40, 40, 44))


@dataclass(frozen=True, slots=True)
class Pedestrian:
    """Walks from one point to another, evenly."""

    from_m: tuple[float, float]
    to_m: tuple[float, float]
    since_s: float
    until_s: float
    coat: tuple[int, int, int]

    def at(self, time_s: float) -> tuple[float, float] | None:
        """Where it stands; None while it is not there."""
        if not self.since_s <= time_s <= self.until_s:
            return None
        share = (time_s - self.since_s) / (self.until_s - self.since_s)
        (x0, y0), (x1, y1) = self.from_m, self.to_m
        return x0 + share * (x1 - x0), y0 + share * (y1 - y0)


def crowd(seed: int, cycles: int) -> tuple[Pedestrian, ...]:
    """People of a film: groups over the crosswalk at red, and passers-by all the time."""
    rng = np.random.default_rng(seed + 9)
    people = []
    edge = HALF_ROAD_M + 1.0
    for number in range(cycles):
        red_s = number * CYCLE_S + RED_FROM_S
        for _ in range(int(rng.integers(4, 9))):
            side = 1.0 if rng.random() < 0.5 else -1.0
            y = float(rng.uniform(*CROSSWALK_M))
            since_s = red_s + float(rng.uniform(5.0, 6.5))
            until_s = since_s + 2 * edge / float(rng.uniform(1.5, 1.9))
            coat = _COATS[int(rng.integers(len(_COATS)))]
            people.append(Pedestrian((side * edge, y), (-side * edge, y), since_s, until_s, coat))
        for _ in range(8):
            x = float(rng.choice((-17.5, -16.5, 12.8, 13.8, 15.0)))
            since_s = number * CYCLE_S + float(rng.uniform(-10.0, 35.0))
            ends = [(x, 8.0), (x, 38.0)]
            if rng.random() < 0.5:
                ends.reverse()
            until_s = since_s + 30.0 / float(rng.uniform(1.1, 1.5))
            coat = _COATS[int(rng.integers(len(_COATS)))]
            people.append(Pedestrian(ends[0], ends[1], since_s, until_s, coat))
    return tuple(people)


def draw_pedestrian(
    frame: Image,
    person: Pedestrian,
    at_m: tuple[float, float],
    time_s: float,
    camera: PinholeCamera,
) -> None:
    """An upright figure with a stride, and its shade, in place."""
    foot = np.array(pixel(*at_m, camera=camera))
    top = np.array(pixel(*at_m, _HEIGHT_M, camera=camera))
    tall = float(np.hypot(*(foot - top)))
    if not (-tall < foot[0] < camera.width_px + tall and foot[1] > 4):
        return

    def along(share: float, side: float = 0.0) -> tuple[int, int]:
        x, y = foot + share * (top - foot) + np.array([side * tall, 0.0])
        return round(float(x) * 8), round(float(y) * 8)

    stride = 0.10 * float(np.sin(9.0 * time_s + at_m[0] + person.since_s))
    width = max(1, round(0.11 * tall))
    for side in (stride, -stride):
        cv2.line(frame, along(0.0, side), along(0.5), (44, 42, 46), width, cv2.LINE_AA, 3)
    cv2.line(
        frame, along(0.48), along(0.80), person.coat, max(2, round(0.24 * tall)), cv2.LINE_AA, 3
    )
    cv2.circle(
        frame, along(0.93), max(1, round(0.075 * tall * 8)), (96, 112, 140), -1, cv2.LINE_AA, 3
    )
