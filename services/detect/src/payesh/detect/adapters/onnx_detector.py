"""Detectors with YOLOX's output layout (Ge et al., arXiv:2107.08430)."""

import functools
import json
from dataclasses import replace
from typing import Any, ClassVar

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from payesh.detect.adapters.providers import Provider, session_providers
from payesh.detect.domain.detections import (
    VEHICLE_CLASSES,
    Detections,
    Floats,
    suppress_overlaps,
)
from payesh.detect.frames import Bytes, Frame
from payesh.detect.ports import Part

_STRIDES = (8, 16, 32)
SIDE_STEP = 32
PADDING = 114
_DYNAMIC_LONG_SIDE_PX = 640
_LARGEST_CANDIDATES = 600

PERSON = "person"
_PAYESH_NAMES = ("car", "bus", "truck", "motorcycle", "bicycle", "person")
_COCO_NAMES = {0: "person", 1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 7: "truck"}


class UnsuitableModel(ValueError):
    """The file is no detector of the layout [1, cells, 5 + classes]."""


class OnnxDetector:
    """Boxes of road vehicles. Stateless, so one session serves all streams; safe in threads.

    Input [1, 3, h, w] BGR 0..255, letterboxed at the top left with grey 114; output
    [1, cells, 5 + classes]: centre, size, objectness, classes, with or without the grid decoded.
    A file with free sides may state `input_pixels` in its metadata: then a picture of any shape
    becomes as large as that area holds, so that all cost the same; else its longest side counts.
    """

    def __init__(
        self,
        model: bytes,
        *,
        minimum_confidence: float = 0.35,
        iou_threshold: float = 0.55,
        long_side_px: int | None = None,
        threads: int = 1,
        provider: Provider = Provider.CPU,
    ) -> None:
        """Raises UnsuitableModel, ProviderMissing."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # a foreign file's unused parts are no news
        providers = session_providers(provider)
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=providers)
        except Exception as error:  # onnxruntime has no error type of its own to name here
            raise UnsuitableModel(f"no network that can be loaded: {error}") from error
        source = self._session.get_inputs()[0]
        self._input_name = source.name
        height, width = source.shape[2], source.shape[3]
        self._fixed = (height, width) if isinstance(height, int) else None
        self._long_side_px = long_side_px or _DYNAMIC_LONG_SIDE_PX
        stated = self._metadata().get("input_pixels", "0")
        self._input_pixels = int(stated) if long_side_px is None and stated.isdecimal() else 0
        self._minimum_confidence = minimum_confidence
        self.iou_threshold = iou_threshold
        probe = self._run(np.full((*(self._fixed or (64, 64)), 3), PADDING, np.uint8))
        if probe.ndim != 2 or probe.shape[1] < 6:
            raise UnsuitableModel(f"output of shape {probe.shape}")
        # Undecoded centres are offsets of a cell or so; decoded ones span the whole input.
        self._decoded = float(np.abs(probe[:, :2]).max()) > 16.0
        names = self._names(probe.shape[1] - 5)
        self.class_names = [name for name in names if name]
        """Of the file, also those that are no vehicles."""
        self._class_ids = _class_ids(names)
        self._person = names.index(PERSON) if PERSON in names else None

    def with_confidence(self, minimum_confidence: float) -> "ThresholdedDetector":
        """A view on the same session with another threshold: cameras differ, weights do not."""
        return ThresholdedDetector(self, minimum_confidence)

    def detect(self, frame: Frame) -> Detections:
        return self.detect_bgr(frame.bgr())

    def detect_bgr(
        self, bgr: Bytes, minimum_confidence: float | None = None, *, near: bool = False
    ) -> Detections:
        """Vehicles in an image (h, w, 3) in BGR order, best first. `near` shows a file that states
        its `input_pixels` the picture at half of that area: what fills a picture is found so."""
        height, width = bgr.shape[:2]
        scale, rows, columns = self.canvas_of(height, width, near=near)
        scaled = scaled_to(width, height, scale)
        canvas = np.full((rows, columns, 3), PADDING, dtype=np.uint8)
        canvas[: scaled[1], : scaled[0]] = _resized(bgr, scaled)
        return in_picture(self.find(canvas, minimum_confidence), scale, width, height)

    @property
    def takes_windows(self) -> bool:
        """Whether a canvas may have any sides, multiples of 32."""
        return self._fixed is None

    def canvas_of(self, height: int, width: int, *, near: bool = False) -> tuple[float, int, int]:
        """Scale of a picture, and height and width of the canvas that it is put on."""
        input_pixels = self._input_pixels // (2 if near else 1)
        if self._fixed is not None:
            rows, columns = self._fixed
            return min(rows / height, columns / width), rows, columns
        if input_pixels:
            return by_area(height, width, input_pixels)
        scale = self._long_side_px / max(height, width)
        wide, high = scaled_to(width, height, scale)
        rows, columns = -(-high // SIDE_STEP) * SIDE_STEP, -(-wide // SIDE_STEP) * SIDE_STEP
        return scale, rows, columns

    def find(self, canvas: Bytes, minimum_confidence: float | None = None) -> Detections:
        """Vehicles on a canvas (h, w, 3), in its pixels, best first."""
        raw = self._run(canvas)
        boxes = raw[:, :4] if self._decoded else _on_grid(raw[:, :4], canvas.shape[:2])
        classes = raw[:, 5:].copy()
        classes[:, self._class_ids < 0] = 0.0  # people and kites are no vehicles
        chosen = classes.argmax(axis=1)
        score = raw[:, 4] * classes[np.arange(len(classes)), chosen]
        threshold = self._minimum_confidence if minimum_confidence is None else minimum_confidence
        keep = np.flatnonzero(score >= threshold)
        keep = keep[np.argsort(-score[keep], kind="stable")][:_LARGEST_CANDIDATES]
        centre, size = boxes[keep, :2], boxes[keep, 2:]
        xyxy = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
        found = Detections.of(xyxy, score[keep], self._class_ids[chosen[keep]])
        persons = self._persons(raw, boxes, threshold)
        return replace(suppress_overlaps(found, self.iou_threshold), persons=persons)

    def _persons(
        self, raw: NDArray[np.float32], boxes: Floats, threshold: float
    ) -> NDArray[np.float32] | None:
        """Boxes (m, 4) of people, by centres and sizes (cells, 4); None of a file that has no such
        class. A cell whose best class is another one is no person."""
        if self._person is None:
            return None
        score = raw[:, 4] * raw[:, 5 + self._person]
        keep = np.flatnonzero((score >= threshold) & (raw[:, 5:].argmax(axis=1) == self._person))
        keep = keep[np.argsort(-score[keep], kind="stable")][:_LARGEST_CANDIDATES]
        centre, size = boxes[keep, :2], boxes[keep, 2:]
        xyxy = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
        found = Detections.of(xyxy, score[keep], np.zeros(len(keep)))
        return suppress_overlaps(found, self.iou_threshold).xyxy

    def _metadata(self) -> dict[str, str]:
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def _names(self, classes: int) -> list[str]:
        stated = self._metadata().get("names")
        if stated is not None:
            named: Any = json.loads(stated)
            return [str(n) for n in (named.values() if isinstance(named, dict) else named)]
        if classes == len(_PAYESH_NAMES):
            return list(_PAYESH_NAMES)
        if classes == 80:
            return [_COCO_NAMES.get(i, "") for i in range(80)]
        raise UnsuitableModel(f"{classes} classes without names in the model's metadata")

    def _run(self, canvas: Bytes) -> NDArray[np.float32]:
        batch = canvas.transpose(2, 0, 1)[None].astype(np.float32)
        output: Any = self._session.run(None, {self._input_name: batch})[0]
        return np.asarray(output[0], dtype=np.float32)


class ThresholdedDetector:
    """An OnnxDetector at one camera's confidence threshold. It remembers nothing."""

    part_name: ClassVar[str] = "detector.onnx"
    part_version: ClassVar[int] = 1

    def __init__(self, detector: OnnxDetector, minimum_confidence: float) -> None:
        self._detector = detector
        self._minimum_confidence = minimum_confidence

    def detect(self, frame: Frame) -> Detections:
        return self._detector.detect_bgr(frame.bgr(), self._minimum_confidence)

    def memory(self) -> Part:
        return Part(self.part_name, self.part_version)

    def recall(self, part: Part) -> None:
        pass


@functools.lru_cache(64)
def by_area(height: int, width: int, pixels: int) -> tuple[float, int, int]:
    """The largest scale at which a picture fits a canvas of at most so many pixels, and the height
    and width of that canvas, multiples of 32."""
    rows = np.arange(1, pixels // SIDE_STEP**2 + 1) * SIDE_STEP
    columns = pixels // rows // SIDE_STEP * SIDE_STEP
    scales = np.minimum(rows / height, columns / width)
    best = int(scales.argmax())
    return float(scales[best]), int(rows[best]), int(columns[best])


def scaled_to(width: int, height: int, scale: float) -> tuple[int, int]:
    """Width and height of a picture at a scale, at least a pixel."""
    return max(1, round(width * scale)), max(1, round(height * scale))


def in_picture(found: Detections, scale: float, width: int, height: int) -> Detections:
    """Boxes on a canvas, in pixels of the picture that was put on it at its left top."""

    def placed(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        xyxy = boxes / np.float32(scale)
        xyxy[:, 0::2] = np.clip(xyxy[:, 0::2], 0, width)
        xyxy[:, 1::2] = np.clip(xyxy[:, 1::2], 0, height)
        return xyxy

    persons = None if found.persons is None else placed(found.persons)
    return replace(found, xyxy=placed(found.xyxy), persons=persons)


def _resized(bgr: Bytes, size: tuple[int, int]) -> Bytes:
    """Halved by area as often as it goes, which is cheap, then the rest in one step."""
    while bgr.shape[1] >= 2 * size[0] and bgr.shape[0] >= 2 * size[1]:
        half = bgr.shape[1] // 2, bgr.shape[0] // 2
        bgr = np.asarray(cv2.resize(bgr, half, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _on_grid(raw: NDArray[np.float32], canvas: tuple[int, ...]) -> Floats:
    """Centres and sizes in pixels of the canvas, from offsets in cells and log sizes."""
    corners, strides = [], []
    for stride in _STRIDES:
        rows, columns = np.mgrid[0 : canvas[0] // stride, 0 : canvas[1] // stride]
        corners.append(np.stack([columns, rows], axis=2).reshape(-1, 2))
        strides.append(np.full((len(corners[-1]), 1), stride))
    corner, stride_of = np.concatenate(corners), np.concatenate(strides)
    centre = (raw[:, :2] + corner) * stride_of
    size = np.exp(np.clip(raw[:, 2:4], None, 8.0)) * stride_of
    return np.concatenate([centre, size], axis=1)


def _class_ids(names: list[str]) -> NDArray[np.int64]:
    """Our class id of each of the model's classes; -1 for what is no vehicle."""
    return np.array(
        [VEHICLE_CLASSES.index(n) if n in VEHICLE_CLASSES else -1 for n in names], dtype=np.int64
    )
