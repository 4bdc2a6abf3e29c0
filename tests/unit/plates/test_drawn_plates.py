"""A plate as the test street draws it is located and read, at a camera's resolution."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from payesh.contracts.plate_text import ALEF
from payesh.local.street.plate_art import PRIVATE_LETTERS, draw_plate
from payesh.plates.adapters.onnx_locator import OnnxPlateLocator
from payesh.plates.adapters.onnx_reader import OnnxPlateReader
from payesh.plates.domain.located_plate import LocatedPlate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def locator() -> OnnxPlateLocator:
    return OnnxPlateLocator()


@pytest.fixture(scope="module")
def reader() -> OnnxPlateReader:
    return OnnxPlateReader()


def _turned(picture: NDArray[np.uint8], turn_deg: float) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -turn_deg, 1)
    turned = cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def _car_with(text: str, width_px: int) -> tuple[NDArray[np.uint8], tuple[int, int, int, int]]:
    """A grey street with a dark car's back and a plate on it; the plate's x, y, w, h."""
    height_px = round(width_px * 110 / 520)
    large = cv2.cvtColor(draw_plate(text, height_px=110), cv2.COLOR_RGB2BGR)
    plate = cv2.resize(large, (width_px, height_px), interpolation=cv2.INTER_AREA)
    scene = np.full((360, 480, 3), 128, np.uint8)
    cv2.rectangle(scene, (110, 60), (390, 320), (60, 40, 35), -1)
    x, y = 250 - width_px // 2, 220
    scene[y : y + height_px, x : x + width_px] = plate
    blurred = cv2.GaussianBlur(scene, (0, 0), 0.5)
    return np.asarray(blurred, np.uint8), (x, y, width_px, height_px)


def test_the_plate_is_located_where_it_hangs(locator: OnnxPlateLocator) -> None:
    for width_px in (60, 100, 200):
        scene, (x, y, w, h) = _car_with("12ب34567", width_px)
        best = locator.locate(scene)[0]
        shared_w = min(best.x + best.width, x + w) - max(best.x, x)
        shared_h = min(best.y + best.height, y + h) - max(best.y, y)
        shared = max(shared_w, 0) * max(shared_h, 0)
        assert shared / (best.width * best.height + w * h - shared) > 0.5, width_px


def test_a_plate_that_fills_a_small_picture_is_located(locator: OnnxPlateLocator) -> None:
    scene, (x, y, w, h) = _car_with("12ب34567", 380)
    close = np.ascontiguousarray(scene[y - 30 : y + h + 30, x - 20 : x + w + 20])
    best = locator.locate(close)[0]
    assert abs(best.x + best.width / 2 - (20 + w / 2)) < 0.1 * w
    assert best.width > 0.8 * w


def test_a_plate_that_hangs_askew_is_read(
    locator: OnnxPlateLocator, reader: OnnxPlateReader
) -> None:
    for turn_deg in (-18, 18):
        scene = _turned(_car_with("12ب34567", 130)[0], turn_deg)
        reading = reader.read(scene, locator.locate(scene)[0])
        assert reading.text == "12ب34567", turn_deg
        assert reading.confidence > 0.8


def test_every_private_letter_and_the_common_public_ones_are_read(
    locator: OnnxPlateLocator, reader: OnnxPlateReader
) -> None:
    right = []
    for count, letter in enumerate((*PRIVATE_LETTERS, "ت", "ع", ALEF)):
        for number, region in (("345", "67"), ("981", "20")):
            text = f"{12 + count}{letter}{number}{region}".replace("0", "6", 1)
            scene, _ = _car_with(text, 100)
            found = locator.locate(scene)
            right.append(bool(found) and reader.read(scene, found[0]).text == text)
    assert np.mean(right) >= 0.9


def test_a_reading_has_the_alternatives_of_each_character(reader: OnnxPlateReader) -> None:
    scene, (x, y, w, h) = _car_with("12ب34567", 100)
    reading = reader.read(scene, LocatedPlate(x, y, w, h, 1.0))
    assert reading.layout == "car"
    assert len(reading.characters) == 8
    for character in reading.characters:
        confidences = [c for _, c in character.alternatives]
        assert confidences == sorted(confidences, reverse=True)
        assert all(c <= character.confidence for c in confidences)
        assert character.char not in [c for c, _ in character.alternatives]


def test_an_empty_picture_holds_no_plate(locator: OnnxPlateLocator) -> None:
    for height, width in ((32, 32), (1080, 1920), (4096, 64)):
        assert locator.locate(np.full((height, width, 3), 90, np.uint8)) == []


def test_a_plate_cut_by_the_pictures_edge_is_still_a_reading(reader: OnnxPlateReader) -> None:
    scene, (x, y, w, h) = _car_with("12ب34567", 100)
    cut = np.ascontiguousarray(scene[:, x + 40 :])
    reading = reader.read(cut, LocatedPlate(-40.0, y, w, h, 0.9))
    assert reading.confidence < 0.9


def test_the_weights_are_named_by_their_hash(
    locator: OnnxPlateLocator, reader: OnnxPlateReader
) -> None:
    assert len(locator.sha256) == len(reader.sha256) == 64
    assert locator.sha256 != reader.sha256
