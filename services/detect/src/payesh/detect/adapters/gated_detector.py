"""The network where something has changed: judgement of the network, economy of looking away.

The network looks at the whole picture at first and every few seconds; in between at windows around
what differs from what it saw there last, and around what moved. A box in a part that stays as it
was stays too: a vehicle that stands is found in every frame, without another look.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.detect.adapters.onnx_detector import (
    PADDING,
    SIDE_STEP,
    OnnxDetector,
    in_picture,
    scaled_to,
)
from payesh.detect.domain.detections import Detections, pairwise_iou, rows_without_overlaps
from payesh.detect.frames import Bytes, Frame
from payesh.detect.ports import Arrays, Part

LOOK_AGAIN_S = 4.0
"""What a window missed is found by then; so is what crept below the threshold."""
_DIFFERS = 12
_CELL_PX = 16
"""On the canvas; compared is the canvas at half its size."""
_PART_OF_CELL = 4 / 64
_MARGIN_CELLS = 4
"""What a network sees around a vehicle counts: 64 pixels of the canvas."""
_STEP_CELLS = 4
_MOST_OF_PICTURE = 0.6
"""Beyond this share a look at the whole costs no more than the windows do."""
_SAME_PLACE_IOU = 0.9
_CUT_PX = 3.0


@dataclass(frozen=True, slots=True)
class _Window:
    """Pixels of the canvas; sides are multiples of 32."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.right, self.bottom

    def meets(self, other: "_Window") -> bool:
        return (
            min(self.right, other.right) > max(self.left, other.left)
            and min(self.bottom, other.bottom) > max(self.top, other.top)
        )  # fmt: skip

    def joined(self, other: "_Window") -> "_Window":
        return _Window(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


class GatedDetector:
    """One stream's. Deterministic: equal frames give equal boxes."""

    part_name: ClassVar[str] = "detector.gated"
    part_version: ClassVar[int] = 1

    def __init__(self, network: OnnxDetector, minimum_confidence: float) -> None:
        self._network = network
        self._minimum_confidence = minimum_confidence
        self._seen: Bytes | None = None
        """Grey levels of the canvas at half its size, as the network saw each part last."""
        self._found = Detections.of([], [], [])
        """In pixels of the canvas."""
        self._people: Detections | None = None
        """In pixels of the canvas, rows without a class; None of a network that knows no people."""
        self._moved = np.zeros(0, dtype=bool)
        self._looked_s = 0.0
        """When the whole picture was looked at last."""

    def detect(self, frame: Frame) -> Detections:
        """Vehicles of this frame, those included of which nothing has changed."""
        scale, rows, columns = self._network.canvas_of(frame.height_px, frame.width_px)
        canvas, grey = _canvas(frame, scale, rows, columns)
        for window in self._windows(grey, frame.time_s):
            self._look(canvas, grey, window)
            if window == _whole(canvas):
                self._looked_s = frame.time_s
        rows_left = rows_without_overlaps(self._found, self._network.iou_threshold)
        self._found, self._moved = self._found.take(rows_left), self._moved[rows_left]
        persons = None if self._people is None else self._people.xyxy
        return in_picture(
            replace(self._found, persons=persons), scale, frame.width_px, frame.height_px
        )

    def memory(self) -> Part:
        state = {"looked_s": self._looked_s}
        arrays: Arrays = {
            "xyxy": self._found.xyxy,
            "score": self._found.score,
            "class_id": self._found.class_id,
            "moved": self._moved,
        }
        if self._people is not None:
            arrays["people"] = self._people.xyxy
        if self._seen is not None:
            arrays["seen"] = self._seen
        return Part(self.part_name, self.part_version, state, arrays)

    def recall(self, part: Part) -> None:
        arrays = part.arrays
        found = Detections.of(arrays["xyxy"], arrays["score"], arrays["class_id"])
        moved = np.array(arrays["moved"], dtype=bool)
        looked_s = float(part.state["looked_s"])
        self._seen = np.array(arrays["seen"], dtype=np.uint8) if "seen" in arrays else None
        self._found, self._moved, self._looked_s = found, moved, looked_s
        self._people = _people(arrays["people"]) if "people" in arrays else None

    def _windows(self, grey: Bytes, time_s: float) -> list[_Window]:
        """What is to be looked at."""
        whole = _Window(0, 0, 2 * grey.shape[1], 2 * grey.shape[0])
        if self._seen is None or self._seen.shape != grey.shape:
            self._seen = grey.copy()
            self._found, self._moved = Detections.of([], [], []), np.zeros(0, dtype=bool)
            self._people = None
            return [whole]
        if not self._looked_s <= time_s < self._looked_s + LOOK_AGAIN_S:
            return [whole]
        cells = self._changed(grey)
        if not cells.any():
            return []
        if not self._network.takes_windows:
            return [whole]
        windows, former = _apart(_around(cells, whole)), None
        while windows != former:  # a window that grows may meet another, and both another box
            former = windows
            windows = _apart([self._grown(window, whole) for window in windows])
        return [whole] if sum(w.area for w in windows) > _MOST_OF_PICTURE * whole.area else windows

    def _changed(self, grey: Bytes) -> NDArray[np.bool_]:
        """Cells (rows, columns) that differ from what was seen, or that a moving vehicle covers."""
        assert self._seen is not None  # noqa: S101 - the caller has looked
        differs = (np.asarray(cv2.absdiff(grey, self._seen)) > _DIFFERS).astype(np.float32)
        half = _CELL_PX // 2
        size = grey.shape[1] // half, grey.shape[0] // half
        share = np.asarray(cv2.resize(differs, size, interpolation=cv2.INTER_AREA))
        cells: NDArray[np.bool_] = share >= _PART_OF_CELL
        for left, top, right, bottom in (self._found.xyxy[self._moved] / _CELL_PX).tolist():
            cells[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1] = True
        return cells

    def _grown(self, window: _Window, whole: _Window) -> _Window:
        """The window with every known box whose middle lies in it, so that none is cut."""
        inside = self._found.xyxy[_middles_in(self._found, window)]
        if not len(inside):
            return window
        margin = _MARGIN_CELLS // 2 * _CELL_PX
        low, high = inside[:, :2].min(axis=0) - margin, inside[:, 2:].max(axis=0) + margin
        return _aligned(
            min(window.left, int(low[0])), min(window.top, int(low[1])),
            max(window.right, int(high[0])), max(window.bottom, int(high[1])), whole,
        )  # fmt: skip

    def _look(self, canvas: Bytes, grey: Bytes, window: _Window) -> None:
        """Replace what is known of a window by what the network finds there."""
        assert self._seen is not None  # noqa: S101 - the caller has looked
        left, top, right, bottom = window.box
        there = np.ascontiguousarray(canvas[top:bottom, left:right])
        found = self._network.find(there, self._minimum_confidence)
        offset = np.array([left, top, left, top], dtype=np.float32)
        people = None if found.persons is None else _people(found.persons + offset)
        found = Detections(found.xyxy + offset, found.score, found.class_id)
        found = found.take(~_cut(found, window, _whole(canvas)))
        before = _middles_in(self._found, window)
        former = self._found.xyxy[before]
        stays = np.zeros(len(found), dtype=bool)
        if len(found) and len(former):
            stays = pairwise_iou(found.xyxy, former).max(axis=1) > _SAME_PLACE_IOU
        self._people = _replaced(self._people, people, window, _whole(canvas))
        self._found = self._found.take(~before).followed_by(found)
        self._moved = np.concatenate([self._moved[~before], ~stays])
        half = slice(top // 2, bottom // 2), slice(left // 2, right // 2)
        self._seen[half] = grey[half]


def _people(boxes: NDArray[np.float32]) -> Detections:
    """Boxes (m, 4) of people as rows; they have no class and no score."""
    return Detections.of(boxes, np.ones(len(boxes)), np.zeros(len(boxes)))


def _replaced(
    known: Detections | None, found: Detections | None, window: _Window, whole: _Window
) -> Detections | None:
    """The known people with those of a window replaced by what was found there."""
    if known is None or found is None:
        return found
    kept = known.take(~_middles_in(known, window))
    return kept.followed_by(found.take(~_cut(found, window, whole)))


def _canvas(frame: Frame, scale: float, rows: int, columns: int) -> tuple[Bytes, Bytes]:
    """The picture on its canvas (rows, columns, 3), BGR, and the grey levels of half that size.
    Its planes are made small before they become colours, which is cheaper."""
    wide, high = scaled_to(frame.width_px, frame.height_px, scale)
    even = wide + (wide & 1), high + (high & 1)
    small = Frame(
        _resized(frame.luma, even),
        _resized(frame.chroma_u, (even[0] // 2, even[1] // 2)),
        _resized(frame.chroma_v, (even[0] // 2, even[1] // 2)),
        frame.time_s,
        frame.full_range,
    )
    canvas = np.full((rows, columns, 3), PADDING, dtype=np.uint8)
    canvas[:high, :wide] = small.bgr()[:high, :wide]
    grey = np.full((rows, columns), PADDING, dtype=np.uint8)
    grey[:high, :wide] = small.luma[:high, :wide]
    half = cv2.resize(grey, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA)
    return canvas, np.asarray(half, dtype=np.uint8)


def _resized(plane: Bytes, size: tuple[int, int]) -> Bytes:
    smaller = size[0] <= plane.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, size, interpolation=how), dtype=np.uint8)


def _whole(canvas: Bytes) -> _Window:
    return _Window(0, 0, canvas.shape[1], canvas.shape[0])


def _around(cells: NDArray[np.bool_], whole: _Window) -> list[_Window]:
    """A window around each group of changed cells, with a margin."""
    near = cv2.dilate(cells.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, _, statistics, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    rows: list[Any] = statistics.tolist()
    windows = []
    for left, top, width, height, _ in rows[1:count]:
        margin = _MARGIN_CELLS - 1  # one cell is the dilation's
        sides = left - margin, top - margin, left + width + margin, top + height + margin
        left_px, top_px, right_px, bottom_px = (_CELL_PX * side for side in sides)
        windows.append(_aligned(left_px, top_px, right_px, bottom_px, whole))
    return windows


def _aligned(left: int, top: int, right: int, bottom: int, whole: _Window) -> _Window:
    """A window that holds these pixels; sides are of few lengths, each of which the runtime
    prepares itself for once."""
    first, last = [], []
    for low, high, end in ((left, right, whole.right), (top, bottom, whole.bottom)):
        begin = max(0, low) // SIDE_STEP * SIDE_STEP
        step = _STEP_CELLS * _CELL_PX
        length = min(-(-(min(high, end) - begin) // step) * step, end)
        begin = max(0, min(begin, (end - length) // SIDE_STEP * SIDE_STEP))
        first.append(begin)
        last.append(begin + length)
    return _Window(first[0], first[1], last[0], last[1])


def _apart(windows: list[_Window]) -> list[_Window]:
    """Windows that meet become one, until none do."""
    for index, window in enumerate(windows):
        for other in windows[index + 1 :]:
            if window.meets(other):
                rest = [w for w in windows if w is not window and w is not other]
                return _apart([*rest, window.joined(other)])
    return windows


def _middles_in(found: Detections, window: _Window) -> NDArray[np.bool_]:
    middle = (found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2
    inside = (middle >= [window.left, window.top]) & (middle < [window.right, window.bottom])
    return np.asarray(inside.all(axis=1))


def _cut(found: Detections, window: _Window, whole: _Window) -> NDArray[np.bool_]:
    """Boxes that end where the window does and the picture does not: parts of what lies beyond."""
    box = found.xyxy
    left = (box[:, 0] < window.left + _CUT_PX) & (window.left > whole.left)
    top = (box[:, 1] < window.top + _CUT_PX) & (window.top > whole.top)
    right = (box[:, 2] > window.right - _CUT_PX) & (window.right < whole.right)
    bottom = (box[:, 3] > window.bottom - _CUT_PX) & (window.bottom < whole.bottom)
    return np.asarray(left | top | right | bottom)
