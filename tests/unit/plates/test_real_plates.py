"""The packaged networks reach the figures of their cards, on plates they were not trained on."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from payesh.plates.adapters.onnx_locator import OnnxPlateLocator
from payesh.plates.adapters.onnx_reader import OnnxPlateReader
from payesh.plates.domain.located_plate import LocatedPlate

pytestmark = [pytest.mark.shared, pytest.mark.slow]

LEAST_FOUND = {"close_up": 0.93, "road_camera": 0.85}
LEAST_EXACT = {"close_up": 0.85, "road_camera": 0.6}
LEAST_OF_UNSEEN_CAMERAS = {"located": 0.95, "exact": 0.85}


def test_plates_in_unseen_photographs_are_located_and_read(shared_data: Path) -> None:
    plates = shared_data / "plates"
    locator, reader = OnnxPlateLocator(), OnnxPlateReader()
    hits: dict[str, list[bool]] = {"close_up": [], "road_camera": []}
    exact: dict[str, list[bool]] = {"close_up": [], "road_camera": []}
    for line in (plates / "photos_dev.jsonl").read_text(encoding="utf-8").splitlines():
        photo = json.loads(line)
        image = cv2.imread(str(plates / "photos" / photo["file"]))
        assert image is not None
        found = locator.locate(np.asarray(image, np.uint8))
        for plate in photo["plates"]:
            cx, cy, w, h = np.array(plate["box_xywh_norm"]) * (list(image.shape[1::-1]) * 2)
            near = [f for f in found if _overlap(f, cx - w / 2, cy - h / 2, w, h) >= 0.5]
            hits[photo["scene"]].append(bool(near))
            if plate["text"]:
                texts = [reader.read(np.asarray(image, np.uint8), f).text for f in near[:1]]
                exact[photo["scene"]].append(texts == [plate["text"]])
    for scene in hits:
        assert np.mean(hits[scene]) >= LEAST_FOUND[scene], scene
        assert np.mean(exact[scene]) >= LEAST_EXACT[scene], scene


def test_unseen_plate_crops_are_read(shared_data: Path) -> None:
    plates = shared_data / "plates"
    reader = OnnxPlateReader()
    right = []
    for line in (plates / "crops_dev.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        file, text, source = line.split("\t")
        if source == "roozbeh":
            image = np.asarray(cv2.imread(str(plates / file)), np.uint8)
            whole = LocatedPlate(0.0, 0.0, float(image.shape[1]), float(image.shape[0]), 1.0)
            right.append(reader.read(image, whole).text == text)
    assert np.mean(right) >= 0.85


def test_plates_that_fill_the_picture_of_an_unseen_camera_are_located_and_read(
    shared_data: Path,
) -> None:
    plates = shared_data / "plates"
    locator, reader = OnnxPlateLocator(), OnnxPlateReader()
    located, exact = [], []
    for line in (plates / "crops_dev.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        file, text, source = line.split("\t")
        if source == "anajar":
            image = np.asarray(cv2.imread(str(plates / file)), np.uint8)
            found = locator.locate(image)
            located.append(bool(found))
            exact.append(bool(found) and reader.read(image, found[0]).text == text)
    assert np.mean(located) >= LEAST_OF_UNSEEN_CAMERAS["located"]
    assert np.mean(exact) >= LEAST_OF_UNSEEN_CAMERAS["exact"]


def _overlap(f: LocatedPlate, x: float, y: float, w: float, h: float) -> float:
    shared_w = min(f.x + f.width, x + w) - max(f.x, x)
    shared_h = min(f.y + f.height, y + h) - max(f.y, y)
    shared = max(shared_w, 0.0) * max(shared_h, 0.0)
    return float(shared / (f.width * f.height + w * h - shared))
