"""Moving objects in front of a learned background: no weights, a few milliseconds a frame.

The background is an approximate median (McFarlane & Schofield, Machine Vision and Applications
1995): one grey level a step towards what is seen. It is uint8, so the checkpoint holds it
exactly, which OpenCV's own background models cannot give; a vehicle that passes moves it by a
level or two, one that stops for good is absorbed within a minute.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.detect.domain.detections import UNKNOWN, Detections
from payesh.detect.frames import Bytes, Frame
from payesh.detect.ports import Arrays, Part

WORKING_WIDTH_PX = 640
_WARM_UP_FRAMES = 9
_WARM_UP_STEP = 2
_SECOND_LOOK_STEP = 12
_SECOND_LOOK_FRAMES = 18 * _SECOND_LOOK_STEP
"""A stream may begin in traffic. What stood in the first second's way, a slow bus, would stay in
the background for a minute as a ghost that swallows the vehicles behind it; eight seconds show
the road."""
_LUMA_THRESHOLD = 16
_CHROMA_THRESHOLD = 10
_SHADOW_FLOOR = 0.55
"""A cast shadow keeps at least this share of the road's light; the gap under a car does not."""
_QUIET_STEP = 2
_BUSY_STEP = 16
_MINIMUM_SIDE_PX = 9
_MINIMUM_AREA_PX = 140
_SCORE = 0.9
_GAP_BETWEEN_ISLANDS = 0.2
_GAP_WITHIN_ISLAND = 0.6
_MOST_BLOBS = 60
"""The largest count: joining takes the cube of their number, and heavy snow is a thousand."""
_SPLINTER_GAP = 0.25
"""Of the width. Nearer fragments are one vehicle's; more is allowed where shade connects them."""


class MotionDetector:
    """Remembers one stream's background. All frames must have one size; another starts anew."""

    part_name: ClassVar[str] = "detector.motion"
    part_version: ClassVar[int] = 1

    def __init__(self, working_width_px: int = WORKING_WIDTH_PX) -> None:
        self._working_width_px = working_width_px
        self._frames = 0
        self._background: list[Bytes] = []
        self._stack: list[list[Bytes]] = []

    def detect(self, frame: Frame) -> Detections:
        """Moving objects; none while the first second or so teaches the background."""
        planes, scale = self._reduce(frame)
        known = self._background or (self._stack[-1] if self._stack else planes)
        if known[0].shape != planes[0].shape:
            self._frames, self._background, self._stack = 0, [], []
        self._frames += 1
        if not self._background:
            self._learn_first(planes)
            return Detections.of([], [], [])
        luma_far, chroma_far, shadow = self._compare(planes)
        changed = luma_far | chroma_far
        moving = (changed & ~shadow).astype(np.uint8)
        self._learn(planes, changed)
        self._look_again(planes)
        boxes = [_refined(moving, box) for box in _blobs(moving, changed.astype(np.uint8))]
        xyxy = np.array(boxes, dtype=np.float32).reshape(-1, 4) * scale
        xyxy[:, 0::2] = np.clip(xyxy[:, 0::2], 0, frame.width_px)
        xyxy[:, 1::2] = np.clip(xyxy[:, 1::2], 0, frame.height_px)
        return Detections.of(xyxy, [_SCORE] * len(boxes), [UNKNOWN] * len(boxes))

    def memory(self) -> Part:
        arrays: Arrays = {}
        for index, plane in enumerate(self._background):
            arrays[f"background{index}"] = plane
        for index, planes in enumerate(self._stack):
            for plane_index, plane in enumerate(planes):
                arrays[f"first{index}_{plane_index}"] = plane
        return Part(self.part_name, self.part_version, {"frames": self._frames}, arrays)

    def recall(self, part: Part) -> None:
        arrays = part.arrays
        background = [_plane(arrays, f"background{i}") for i in range(3) if "background0" in arrays]
        stack: list[list[Bytes]] = []
        while f"first{len(stack)}_0" in arrays:
            stack.append([_plane(arrays, f"first{len(stack)}_{i}") for i in range(3)])
        self._frames = int(part.state["frames"])
        self._background, self._stack = background, stack

    def _reduce(self, frame: Frame) -> tuple[list[Bytes], float]:
        width = min(self._working_width_px, frame.width_px)
        height = max(1, round(frame.height_px * width / frame.width_px))
        size, half = (width, height), (max(1, width // 2), max(1, height // 2))
        return [
            _resize(frame.luma, size),
            _resize(frame.chroma_u, half),
            _resize(frame.chroma_v, half),
        ], frame.width_px / width

    def _learn_first(self, planes: list[Bytes]) -> None:
        if (self._frames - 1) % _WARM_UP_STEP == 0:
            self._stack.append([plane.copy() for plane in planes])
        if len(self._stack) == _WARM_UP_FRAMES:
            self._learn_stack()

    def _look_again(self, planes: list[Bytes]) -> None:
        if self._frames > _SECOND_LOOK_FRAMES:
            return
        if self._frames % _SECOND_LOOK_STEP == 0:
            self._stack.append([plane.copy() for plane in planes])
        if self._frames == _SECOND_LOOK_FRAMES and len(self._stack) >= _WARM_UP_FRAMES:
            self._learn_stack()

    def _learn_stack(self) -> None:
        """The median of the frames kept; odd in number, so that it is one of their levels."""
        self._background = [
            np.median(np.stack([planes[i] for planes in self._stack]), axis=0).astype(np.uint8)
            for i in range(3)
        ]
        self._stack = []

    def _compare(
        self, planes: list[Bytes]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """Masks (h, w): luma differs, colour differs, and merely shaded road."""
        luma, background = planes[0], self._background[0]
        # A camera's automatic exposure changes everything by one factor: that is no motion.
        gain = float(np.median(luma[::8, ::8] / np.maximum(background[::8, ::8], 1.0)))
        if abs(gain - 1.0) > 0.02 and 0.4 < gain < 2.5:
            background = np.asarray(cv2.convertScaleAbs(background, alpha=gain), dtype=np.uint8)
        luma_far = np.asarray(cv2.absdiff(luma, background)) > _LUMA_THRESHOLD
        colour = cv2.add(
            cv2.absdiff(planes[1], self._background[1]),
            cv2.absdiff(planes[2], self._background[2]),
        )
        colour_full = cv2.resize(
            colour, (luma.shape[1], luma.shape[0]), interpolation=cv2.INTER_LINEAR
        )
        chroma_far = np.asarray(colour_full) > _CHROMA_THRESHOLD
        floor = np.asarray(cv2.convertScaleAbs(background, alpha=_SHADOW_FLOOR))
        shadow = (luma < background) & (luma >= floor) & ~chroma_far
        return luma_far, chroma_far, shadow

    def _learn(self, planes: list[Bytes], busy: NDArray[np.bool_]) -> None:
        # Where something stands, the background learns slowly: a queue at a light is no road.
        if self._frames % _QUIET_STEP:
            return
        everywhere = self._frames % _BUSY_STEP == 0
        quiet = (~busy).astype(np.uint8)
        half = quiet[::2, ::2]
        for index, plane in enumerate(planes):
            mask = quiet if index == 0 else half[: plane.shape[0], : plane.shape[1]]
            background = self._background[index]
            up = (plane > background).astype(np.uint8)
            down = (plane < background).astype(np.uint8)
            if not everywhere:
                up &= mask
                down &= mask
            self._background[index] = background + up - down


def _plane(arrays: Arrays, name: str) -> Bytes:
    return np.array(arrays[name], dtype=np.uint8)


def _resize(plane: Bytes, size: tuple[int, int]) -> Bytes:
    if (plane.shape[1], plane.shape[0]) == size:
        return plane
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


_OPENING = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))
_CLOSING = cv2.getStructuringElement(cv2.MORPH_RECT, (7, 11))


@dataclass(frozen=True, slots=True)
class _Blob:
    """Working pixels; `island` numbers the connected change, shade included, that it lies in."""

    left: int
    top: int
    right: int
    bottom: int
    island: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def belongs_to(self, other: "_Blob") -> bool:
        """Whether both are pieces of one vehicle, one above the other: a roof and a bumper
        around a front as grey as the road."""
        shared = min(self.right, other.right) - max(self.left, other.left)
        small, large = sorted((self, other), key=lambda blob: blob.width * blob.height)
        if self.island == other.island and small.width * small.height < 0.25 * (
            large.width * large.height
        ):
            return large.distance(small) <= max(2, round(_SPLINTER_GAP * large.width))
        if shared < 0.6 * min(self.width, other.width):
            return False
        gap = max(self.top, other.top) - min(self.bottom, other.bottom)
        tolerance = _GAP_WITHIN_ISLAND if self.island == other.island else _GAP_BETWEEN_ISLANDS
        return gap <= max(3, round(tolerance * max(self.width, other.width)))

    def distance(self, other: "_Blob") -> int:
        """Greater of the gaps across and down; negative when the boxes overlap."""
        across = max(self.left, other.left) - min(self.right, other.right)
        down = max(self.top, other.top) - min(self.bottom, other.bottom)
        return max(across, down)

    def joined(self, other: "_Blob") -> "_Blob":
        return _Blob(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
            self.island,
        )


def _blobs(moving: Bytes, changed: Bytes) -> list[_Blob]:
    """Connected movement, the fragments of one vehicle joined."""
    _, labels, statistics, _ = _components(moving)
    _, islands, _, _ = _components(changed)
    rows: list[Any] = statistics.tolist()
    found = []
    for label, (left, top, width, height, area) in enumerate(rows):
        if label == 0 or area < 25 or width < 3 or height < 3:
            continue
        window = (slice(top, top + height), slice(left, left + width))
        island = int(np.bincount(islands[window][labels[window] == label]).argmax())
        found.append(_Blob(left, top, left + width, top + height, island))
    if len(found) > _MOST_BLOBS:
        least = sorted((blob.width * blob.height for blob in found), reverse=True)[_MOST_BLOBS]
        found = [blob for blob in found if blob.width * blob.height > least]
    return [
        blob
        for blob in _joined(found)
        if min(blob.width, blob.height) >= _MINIMUM_SIDE_PX
        and blob.width * blob.height >= _MINIMUM_AREA_PX
    ]


def _components(mask: Bytes) -> Any:
    solid = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _OPENING)
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, _CLOSING)
    return cv2.connectedComponentsWithStats(solid, connectivity=8)


def _joined(blobs: list[_Blob]) -> list[_Blob]:
    """Join pairs that belong together until none is left."""
    for first, second in combinations(range(len(blobs)), 2):
        if blobs[first].belongs_to(blobs[second]):
            rest = [b for i, b in enumerate(blobs) if i not in (first, second)]
            return _joined([*rest, blobs[first].joined(blobs[second])])
    return blobs


def _refined(moving: Bytes, blob: _Blob) -> tuple[float, float, float, float]:
    """The box with its lower edge to a fraction of a row: where the share of moving columns,
    counted in the middle of the box, falls through one third."""
    left, top, right, bottom = blob.left, blob.top, blob.right, blob.bottom
    margin = round(0.15 * (right - left))
    first = max(top, bottom - max(12, (bottom - top) // 3))
    last = min(moving.shape[0], bottom + 1)
    share = moving[first:last, left + margin : max(right - margin, left + margin + 1)].mean(axis=1)
    filled = np.flatnonzero(share >= 1 / 3)
    if not len(filled):
        return float(left), float(top), float(right), float(bottom)
    row = int(filled[-1])
    below = float(share[row + 1]) if row + 1 < len(share) else 0.0
    part = (float(share[row]) - 1 / 3) / max(float(share[row]) - below, 1e-6)
    edge = first + row + 0.5 + min(max(part, 0.0), 1.0)
    if first + row + 1 >= moving.shape[0]:
        edge = float(moving.shape[0])
    return float(left), float(top), float(right), float(edge)
