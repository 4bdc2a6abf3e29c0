"""Pictures of every shape on the network's canvas, with the packaged weights."""

import cv2
import numpy as np
import pytest

from payesh.detect.adapters.models import ModelFolder
from payesh.detect.adapters.onnx_detector import OnnxDetector, by_area

AREA = 460_800


@pytest.mark.parametrize(
    ("height", "width"),
    [(1080, 1920), (1920, 1080), (1536, 2048), (416, 416), (288, 352), (99, 4000)],
)
def test_a_picture_is_as_large_as_the_area_holds(height: int, width: int) -> None:
    scale, rows, columns = by_area(height, width, AREA)
    assert rows % 32 == columns % 32 == 0
    assert rows * columns <= AREA
    assert round(height * scale) <= rows
    assert round(width * scale) <= columns
    others = [
        min(32 * i / height, 32 * j / width)
        for i in range(1, 325)
        for j in range(1, 325)
        if 32 * 32 * i * j <= AREA
    ]
    assert scale == pytest.approx(max(others))


def test_boxes_stand_where_they_are_whatever_the_size_of_the_picture() -> None:
    body, _ = ModelFolder().load(None)
    detector = OnnxDetector(body, minimum_confidence=0.02)
    rng = np.random.default_rng(3)
    noise = cv2.GaussianBlur(rng.integers(0, 255, (540, 960, 3), np.uint8), (0, 0), 2)
    small = np.asarray(noise, np.uint8)
    cv2.rectangle(small, (300, 200), (520, 330), (40, 40, 160), -1)
    cv2.rectangle(small, (330, 215), (490, 255), (30, 30, 30), -1)
    large = np.repeat(np.repeat(small, 2, 0), 2, 1)
    found, doubled = detector.detect_bgr(small), detector.detect_bgr(large)
    assert len(found)
    assert len(found) == len(doubled)
    assert np.allclose(found.xyxy * 2, doubled.xyxy, atol=1.0)
    assert np.allclose(found.score, doubled.score, atol=0.01)
