"""Boxes of the plates inside bumper crops, from the trained locator."""

from pathlib import Path

import cv2
import numpy as np
from plate_drawing import NOMINAL_CENTRES
from reader_samples import RealPlate

from payesh.plates.adapters.onnx_locator import OnnxPlateLocator


def located_crops(crops: list[RealPlate], model: Path) -> list[RealPlate]:
    """The crops with the box of the best plate located; those without one keep the whole crop."""
    locator = OnnxPlateLocator(model)
    located = []
    for crop in crops:
        colour = np.asarray(cv2.cvtColor(crop.grey, cv2.COLOR_GRAY2BGR), np.uint8)
        plates = locator.locate(colour)
        if plates and plates[0].score > 0.3:
            best = plates[0]
            box = (best.x, best.y, best.width, best.height)
            crop = RealPlate(crop.grey, box, crop.characters, NOMINAL_CENTRES, crop.source)
        located.append(crop)
    return located
