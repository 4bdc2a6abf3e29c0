"""Crops as detect stores them: a car's back with a drawn plate, or without one."""

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.local.street.plate_art import draw_plate

WIDTH_PX, HEIGHT_PX = 480, 360
VEHICLE = (110.0, 60.0, 280.0, 260.0)
"""x, y, width, height of the car in the picture."""


def car(plate: str | None) -> NDArray[np.uint8]:
    """(360, 480, 3), BGR: a dark car on grey asphalt, its plate 100 px wide."""
    scene = np.full((HEIGHT_PX, WIDTH_PX, 3), 128, np.uint8)
    cv2.rectangle(scene, (110, 60), (390, 320), (60, 40, 35), -1)
    cv2.rectangle(scene, (140, 80), (360, 160), (90, 80, 75), -1)
    if plate is not None:
        drawn = cv2.cvtColor(draw_plate(plate, height_px=110), cv2.COLOR_RGB2BGR)
        small = cv2.resize(drawn, (100, 21), interpolation=cv2.INTER_AREA)
        scene[220:241, 200:300] = small
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), 0.5), np.uint8)


def splashed(plate: str, seed: int) -> NDArray[np.uint8]:
    """The car with five splashes of mud on its plate, drawn by the seed."""
    scene, dice = car(plate), np.random.default_rng(seed)
    for _ in range(5):
        at = (int(dice.integers(200, 300)), int(dice.integers(220, 241)))
        cv2.circle(scene, at, int(dice.integers(1, 4)), (70, 90, 110), -1)
    return scene


def two_cars(rear: str, front: str) -> NDArray[np.uint8]:
    """(720, 480, 3), BGR: one car close behind another, nearer to the camera."""
    return np.concatenate([car(rear), car(front)])


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """The picture as a JPEG of quality 92."""
    encoded, body = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert encoded
    return bytes(body)
