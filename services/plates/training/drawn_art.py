"""Training plates as the test street draws them (`payesh.local.street.plate_art`)."""

import cv2
import numpy as np
from plate_drawing import LIGHT_ON_DARK, DrawnPlate, random_text

from payesh.local.street.plate_art import draw_plate

CENTRES = tuple(mm / 520 for mm in (72, 118, 187, 263, 312, 361, 433, 480))


def art_plates(count: int, seed: int) -> list[DrawnPlate]:
    """`count` grey plates of 80 px height with random texts."""
    rng = np.random.default_rng(seed)
    plates = []
    for _ in range(count):
        characters = random_text(rng)
        colour = draw_plate("".join(characters), height_px=80)
        grey = np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), np.uint8)
        plates.append(DrawnPlate(grey, characters, CENTRES, characters[2] in LIGHT_ON_DARK))
    return plates
