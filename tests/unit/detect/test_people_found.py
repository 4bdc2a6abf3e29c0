"""People that a network finds are told apart from its vehicles, and are no rows of them."""

from typing import Any

import numpy as np
import pytest

from payesh.detect.adapters.models import ModelFolder
from payesh.detect.adapters.onnx_detector import OnnxDetector, ThresholdedDetector
from payesh.detect.frames import Frame

CAR, MOTORCYCLE, PERSON = 0, 3, 5


class Answering(OnnxDetector):
    """The packaged network's layout, with an answer that a test gives: a class, a score and a box
    of the canvas in each cell of stride 8 along its first row."""

    answer: list[tuple[int, float, tuple[float, float, float, float]]] | None = None

    def _run(self, canvas: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        if self.answer is None:
            return np.asarray(super()._run(canvas))
        rows, columns = canvas.shape[:2]
        cells = sum((rows // stride) * (columns // stride) for stride in (8, 16, 32))
        raw = np.zeros((cells, 11), np.float32)
        for cell, (chosen, score, (left, top, right, bottom)) in enumerate(self.answer):
            raw[cell, :2] = (left + right) / 16 - cell, (top + bottom) / 16
            raw[cell, 2:4] = np.log(((right - left) / 8, (bottom - top) / 8))
            raw[cell, 4], raw[cell, 5 + chosen] = 1.0, score
        return raw


@pytest.fixture(scope="module")
def network() -> Answering:
    return Answering(ModelFolder().load(None)[0])


def found(network: Answering, *answer: tuple[int, float, Any], threshold: float = 0.35) -> Any:
    network.answer = list(answer)
    grey = np.full((512, 896), 110, np.uint8), np.full((256, 448), 128, np.uint8)
    frame = Frame(grey[0], grey[1], grey[1], 0.0)
    return ThresholdedDetector(network, threshold).detect(frame)


def test_people_stand_beside_the_vehicles_and_each_once(network: Answering) -> None:
    walker = 400.0, 200.0, 420.0, 260.0
    again = 402.0, 201.0, 421.0, 260.0
    detections = found(
        network,
        (CAR, 0.9, (100.0, 100.0, 180.0, 160.0)),
        (PERSON, 0.6, again),
        (PERSON, 0.8, walker),
        (PERSON, 0.3, (600.0, 200.0, 620.0, 260.0)),
    )
    assert len(detections) == 1
    assert detections.class_id.tolist() == [CAR]
    assert np.allclose(detections.persons, [walker], atol=1.0), "the surer box, above the threshold"


def test_a_rider_is_not_suppressed_by_what_it_rides_nor_the_other_way_round(
    network: Answering,
) -> None:
    motorcycle, rider = (300.0, 200.0, 330.0, 250.0), (302.0, 190.0, 328.0, 246.0)
    detections = found(network, (MOTORCYCLE, 0.7, motorcycle), (PERSON, 0.9, rider))
    assert np.allclose(detections.xyxy, [motorcycle], atol=1.0)
    assert np.allclose(detections.persons, [rider], atol=1.0)


def test_a_picture_without_people_has_none_of_them(network: Answering) -> None:
    assert found(network, (CAR, 0.9, (100.0, 100.0, 180.0, 160.0))).persons.shape == (0, 4)


def test_a_network_without_the_class_tells_nothing_of_people(
    network: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "_person", None)
    assert found(network, (CAR, 0.9, (100.0, 100.0, 180.0, 160.0))).persons is None
