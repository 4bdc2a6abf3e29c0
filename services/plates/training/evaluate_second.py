"""Measure what the second reader adds where plates are dirty: drawn cars with five splashes of mud
on a plate 100 px wide, read as `plates` does, those that the second reader reads otherwise held.

    python evaluate_second.py [--cars 700]

Needs `payesh-plates[easyocr]`. Splashes are drawn by the car's number, JPEG of quality 92.
"""

import argparse
import json

import cv2
import numpy as np
from picture_files import Picture

from payesh.local.street.plate_art import draw_plate
from payesh.plates.adapters.easyocr_reader import EasyOcrReader
from payesh.plates.adapters.onnx_locator import OnnxPlateLocator
from payesh.plates.adapters.onnx_reader import OnnxPlateReader
from payesh.plates.domain.best_read import best_read, own_plate, plates_of_vehicle
from payesh.plates.evaluation.read_figures import ReadPlate
from payesh.plates.evaluation.second_reading import SecondReadings
from payesh.plates.handlers.picture_reading import PictureRead

_TEXTS = ("12ب34567", "63ج28914", "45د93178", "87س16542")
_VEHICLE = (110.0, 60.0, 280.0, 260.0)
_LEAST = 0.8


def car(text: str, number: int) -> Picture:
    """(360, 480, 3), BGR: a dark car on grey asphalt, its plate splashed."""
    scene = np.full((360, 480, 3), 128, np.uint8)
    cv2.rectangle(scene, (110, 60), (390, 320), (60, 40, 35), -1)
    cv2.rectangle(scene, (140, 80), (360, 160), (90, 80, 75), -1)
    drawn = cv2.cvtColor(draw_plate(text, height_px=110), cv2.COLOR_RGB2BGR)
    scene[220:241, 200:300] = cv2.resize(drawn, (100, 21), interpolation=cv2.INTER_AREA)
    scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), 0.5), np.uint8)
    dice = np.random.default_rng(number)
    for _ in range(5):
        at = (int(dice.integers(200, 300)), int(dice.integers(220, 241)))
        cv2.circle(scene, at, int(dice.integers(1, 4)), (70, 90, 110), -1)
    _, coded = cv2.imencode(".jpg", scene, [cv2.IMWRITE_JPEG_QUALITY, 92])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cars", type=int, default=700)
    cars = parser.parse_args().cars
    locator, reader = OnnxPlateLocator(), OnnxPlateReader()
    again, read = SecondReadings(EasyOcrReader(), _LEAST), []
    for number in range(cars):
        truth = _TEXTS[number % len(_TEXTS)]
        picture = car(truth, number)
        plates = plates_of_vehicle(locator.locate(picture), _VEHICLE)
        own = own_plate(0, plates, reader.read_all(picture, plates))
        best = None if own is None else best_read([own])
        found = None if best is None else PictureRead(best.plate, best.reading)
        reading = None if found is None else found.reading
        second = again.text(picture, found)
        read.append(ReadPlate(str(number), "drawn", truth, reading, 100.0, second))
    print(json.dumps({"cars": cars, **again.summary(read)}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
