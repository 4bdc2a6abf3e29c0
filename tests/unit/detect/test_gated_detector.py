"""The network where something has changed, beside the network everywhere, on a real film."""

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from payesh.detect.adapters.gated_detector import LOOK_AGAIN_S, GatedDetector
from payesh.detect.adapters.models import ModelFolder
from payesh.detect.adapters.onnx_detector import OnnxDetector
from payesh.detect.domain.detections import Detections, pairwise_iou
from payesh.detect.frames import Bytes, Frame
from payesh.detect.ports import Part

CONFIDENCE = 0.35


class Watched(OnnxDetector):
    """The packaged network, which notes how much of a picture it was shown."""

    def __init__(self) -> None:
        super().__init__(ModelFolder().load(None)[0])
        self.shown_px: list[int] = []

    def find(self, canvas: Bytes, minimum_confidence: float | None = None) -> Detections:
        self.shown_px.append(canvas.shape[0] * canvas.shape[1])
        return super().find(canvas, minimum_confidence)


@pytest.fixture(scope="module")
def network() -> Watched:
    return Watched()


@pytest.fixture(scope="module")
def film(shared_data: Path) -> list[Frame]:
    """Ten seconds of an overhead road, six frames a second."""
    frames = []
    with av.open(str(shared_data / "video" / "intel_car-detection.mp4")) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % 2 == 0 and 100 <= index < 224:
                frames.append(_frame(frame, index / 12.5))
    return frames


def _frame(frame: av.VideoFrame, time_s: float) -> Frame:
    whole = np.asarray(frame.reformat(format="yuv420p").to_ndarray(), np.uint8)
    high, wide = frame.height, frame.width
    u, v = whole[high : high * 5 // 4], whole[high * 5 // 4 :]
    half = high // 2, wide // 2
    return Frame(whole[:high], u.reshape(half), v.reshape(half), time_s)


def test_it_finds_what_the_network_finds_everywhere_and_looks_at_less(
    network: Watched, film: list[Frame]
) -> None:
    network.shown_px.clear()
    gated = GatedDetector(network, CONFIDENCE)
    found = [gated.detect(frame) for frame in film]
    looked = sum(network.shown_px)
    network.shown_px.clear()
    everywhere = [network.detect_bgr(frame.bgr(), CONFIDENCE) for frame in film]
    assert looked < 0.6 * sum(network.shown_px)
    same = sum(_matched(a, b) for a, b in zip(found, everywhere, strict=True))
    assert sum(map(len, everywhere)) > 40
    assert same >= 0.95 * sum(map(len, everywhere))
    assert same >= 0.95 * sum(map(len, found))


def test_what_stands_is_found_in_every_frame_without_another_look(
    network: Watched, film: list[Frame]
) -> None:
    frame = max(film, key=lambda each: len(network.detect_bgr(each.bgr(), CONFIDENCE)))
    rng = np.random.default_rng(8)
    gated = GatedDetector(network, CONFIDENCE)
    gated.detect(_at(frame, 0.0))
    first = gated.detect(_at(frame, 0.1))  # what was new counts as moving for one more look
    network.shown_px.clear()
    for step in range(2, 39):
        noisy = np.clip(frame.luma + rng.normal(0, 2, frame.luma.shape), 0, 255).astype(np.uint8)
        later = Frame(noisy, frame.chroma_u, frame.chroma_v, 0.1 * step)
        assert np.array_equal(gated.detect(later).xyxy, first.xyxy)
    assert network.shown_px == []
    gated.detect(_at(frame, LOOK_AGAIN_S + 0.1))
    assert len(network.shown_px) == 1


def test_what_appears_and_what_goes_is_seen_at_once(network: Watched, film: list[Frame]) -> None:
    full = max(film, key=lambda each: len(network.detect_bgr(each.bgr(), CONFIDENCE)))
    road = np.median(np.stack([each.luma for each in film[::3]]), axis=0).astype(np.uint8)
    grey = np.full_like(full.chroma_u, 128)
    empty = Frame(road, grey, grey, 0.0)
    shown = Frame(full.luma, grey, grey, 0.2)
    expected = network.detect_bgr(shown.bgr(), CONFIDENCE)
    gated = GatedDetector(network, CONFIDENCE)
    before = len(gated.detect(empty))
    found = gated.detect(shown)
    assert _matched(found, expected) >= len(expected) - 1 > before
    assert len(gated.detect(_at(empty, 0.4))) <= before + 1


def test_a_detector_that_remembers_goes_on_as_one_that_was_never_stopped(
    network: Watched, film: list[Frame]
) -> None:
    whole = GatedDetector(network, CONFIDENCE)
    for frame in film[:20]:
        whole.detect(frame)
    continued = GatedDetector(network, CONFIDENCE)
    continued.recall(whole.memory())
    for frame in film[20:]:
        expected, found = whole.detect(frame), continued.detect(frame)
        assert np.array_equal(expected.xyxy, found.xyxy)
        assert np.array_equal(expected.score, found.score)


def test_two_windows_boxes_of_one_vehicle_become_one(network: Watched) -> None:
    quiet = np.full((288, 352), 90, np.uint8), np.full((144, 176), 128, np.uint8)
    gated = GatedDetector(network, 0.9)
    gated.detect(Frame(quiet[0], quiet[1], quiet[1], 0.0))
    seen = gated.memory()
    boxes = np.array([[50, 50, 99, 99], [52, 50, 101, 99], [200, 50, 249, 99]], np.float32)
    arrays = seen.arrays | {
        "xyxy": boxes,
        "score": np.array([0.95, 0.97, 0.96], np.float32),
        "class_id": np.zeros(3, np.int64),
        "moved": np.zeros(3, bool),
    }
    gated.recall(Part(seen.name, seen.version, seen.state, arrays))
    for step in range(1, 4):
        assert len(gated.detect(Frame(quiet[0], quiet[1], quiet[1], 0.1 * step))) == 2
        assert len(gated.memory().arrays["moved"]) == 2


@pytest.mark.parametrize(("wide", "high"), [(352, 288), (640, 360), (1080, 1920), (418, 314)])
def test_pictures_of_other_shapes_have_boxes_where_the_network_has_them(
    network: Watched, film: list[Frame], wide: int, high: int
) -> None:
    frames = [_resized(each, wide, high) for each in film[20:26]]
    gated = GatedDetector(network, CONFIDENCE)
    found = [gated.detect(frame) for frame in frames]
    expected = [network.detect_bgr(frame.bgr(), CONFIDENCE) for frame in frames]
    same = sum(_matched(a, b) for a, b in zip(found, expected, strict=True))
    assert same >= 0.8 * sum(map(len, expected))


def _at(frame: Frame, time_s: float) -> Frame:
    return Frame(frame.luma, frame.chroma_u, frame.chroma_v, time_s)


def _resized(frame: Frame, wide: int, high: int) -> Frame:
    sizes = (wide, high), (wide // 2, high // 2), (wide // 2, high // 2)
    planes = (frame.luma, frame.chroma_u, frame.chroma_v)
    luma, u, v = (
        np.asarray(cv2.resize(plane, size), np.uint8)
        for plane, size in zip(planes, sizes, strict=True)
    )
    return Frame(luma, u, v, frame.time_s)


def _matched(found: Detections, expected: Detections) -> int:
    if not len(found) or not len(expected):
        return 0
    return int((pairwise_iou(expected.xyxy, found.xyxy).max(axis=1) > 0.6).sum())


class SeesWhite(Watched):
    """Takes what is white for a person."""

    def find(self, canvas: Bytes, minimum_confidence: float | None = None) -> Detections:
        rows, columns = np.nonzero(canvas.min(axis=2) > 200)
        box = [] if not len(rows) else [columns.min(), rows.min(), columns.max(), rows.max()]
        persons = np.array(box, dtype=np.float32).reshape(-1, 4)
        return replace(super().find(canvas, minimum_confidence), persons=persons)


def test_people_stand_and_walk_and_go_as_the_network_has_them_and_survive_a_restart() -> None:
    grey = np.full((256, 384), 128, np.uint8)

    def frame(time_s: float, at: int | None) -> Frame:
        luma = np.full((512, 768), 60, np.uint8)
        if at is not None:
            luma[200:260, at : at + 24] = 240
        return Frame(luma, grey, grey, time_s)

    network = SeesWhite()
    gated = GatedDetector(network, CONFIDENCE)
    way = [None, 300, 300, 306, 312, 400, 400, None, None]
    for number, at in enumerate(way):
        shown = frame(0.1 * number, at)
        persons = gated.detect(shown).persons
        everywhere = network.detect_bgr(shown.bgr(), CONFIDENCE).persons
        assert persons is not None
        assert everywhere is not None
        assert np.allclose(persons, everywhere, atol=2.0), number
        memory = gated.memory()
        gated = GatedDetector(network, CONFIDENCE)
        gated.recall(memory)
