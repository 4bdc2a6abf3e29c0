"""Located plates read by the packaged network `plate_reader.onnx`."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.contracts.plate_text import DIGITS, LAYOUT_CAR, LETTERS
from payesh.plates.adapters.packaged_model import PackagedModel
from payesh.plates.domain.agreement import agreed
from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.plate_lattice import Layout, PlateLattice
from payesh.plates.domain.reading import UNREADABLE, PlateReading

CLASSES = ("", *"0123456789", "الف", *"بپتثجدزژسشصطعفقکگلمنوهی", "D", "S", UNREADABLE)
"""The network's classes in the order of its output; class 0 is the blank, the last one a character
that cannot be read.

Written out, not taken from `contracts`: they belong to the weights and change with them alone.
A test compares the two sets.
"""
LATTICE = PlateLattice(
    CLASSES,
    # DD L DDD DD
    Layout(LAYOUT_CAR, tuple(frozenset(LETTERS if n == 2 else DIGITS) for n in range(8))),
)
"""Turns the network's output into readings."""
_WIDTH_PX, _HEIGHT_PX = 192, 48
# The network was trained on boxes grown by these factors, so that a box that cuts into the
# plate still shows all of it.
_GROWN_X, _GROWN_Y = 1.12, 1.35
# A plate that is read with less confidence than this is also read turned: most such plates hang
# askew or are dark, and the errors of the turned readings are independent enough to vote.
_SURE = 0.8
_TURNS_DEG = (-12.0, -6.0, 6.0, 12.0)
# A private plate's height over its width: 110 mm over 520 mm.
_FLATTEST = 0.2


class OnnxPlateReader:
    """Reads plates on `threads` CPU threads. The calibration is part of the network."""

    def __init__(self, model_path: Path | None = None, *, threads: int = 1) -> None:
        self._model = PackagedModel(model_path, "plate_reader.onnx", threads)

    @property
    def sha256(self) -> str:
        """SHA-256 of the weights, hexadecimal."""
        return self._model.sha256

    def read(self, image_bgr: NDArray[np.uint8], box: LocatedPlate) -> PlateReading:
        """The plate inside `box` of `image_bgr` (H, W, 3)."""
        return self.read_all(image_bgr, [box])[0]

    def read_all(
        self, image_bgr: NDArray[np.uint8], boxes: Sequence[LocatedPlate]
    ) -> list[PlateReading]:
        """The plates inside `boxes`, in the same order."""
        if not boxes:
            return []
        readings = self._read_cuts([cut_plate(image_bgr, box) for box in boxes])
        for index, box in enumerate(boxes):
            if readings[index].confidence < _SURE:
                turned = [cut_plate(image_bgr, box, turn) for turn in _TURNS_DEG]
                together = agreed([readings[index], *self._read_cuts(turned)])
                readings[index] = together[1] if together is not None else readings[index]
        return readings

    def _read_cuts(self, cuts: Sequence[NDArray[np.uint8]]) -> list[PlateReading]:
        batch = np.stack(cuts)[:, None].astype(np.float32) / np.float32(255)
        logits = self._model.run(batch).astype(np.float64)
        powers = np.exp(logits - logits.max(2, keepdims=True))
        return [LATTICE.reading(p) for p in powers / powers.sum(2, keepdims=True)]


def cut_plate(
    image_bgr: NDArray[np.uint8], box: LocatedPlate, turn_deg: float = 0.0
) -> NDArray[np.uint8]:
    """The grown box in grey, (48, 192); outside the picture its edge is repeated.

    `turn_deg` is the angle, clockwise, at which the plate hangs inside the upright box.
    """
    cos, sin = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    # The upright box around a turned plate is higher than the plate.
    own_height = max(box.height - box.width * abs(sin), min(box.height, box.width * _FLATTEST))
    wide, tall = box.width * _GROWN_X, own_height * _GROWN_Y
    centre_x, centre_y = box.x + box.width / 2, box.y + box.height / 2
    half_x, half_y = (wide * cos + tall * abs(sin)) / 2, (wide * abs(sin) + tall * cos) / 2
    height, width = image_bgr.shape[:2]
    # Only the surroundings are converted: a shot is up to 4096 px wide.
    x1 = int(np.clip(centre_x - half_x - 2, 0, width - 1))
    y1 = int(np.clip(centre_y - half_y - 2, 0, height - 1))
    x2 = int(np.clip(centre_x + half_x + 3, x1 + 1, width))
    y2 = int(np.clip(centre_y + half_y + 3, y1 + 1, height))
    grey = cv2.cvtColor(np.ascontiguousarray(image_bgr[y1:y2, x1:x2]), cv2.COLOR_BGR2GRAY)
    centre_x, centre_y = centre_x - x1, centre_y - y1
    # Bilinear sampling of a much larger plate aliases: average it down first.
    shrink = min(1.0, 1.2 * _WIDTH_PX / wide)
    if shrink < 0.72:
        size = (max(1, round(grey.shape[1] * shrink)), max(1, round(grey.shape[0] * shrink)))
        sx, sy = size[0] / grey.shape[1], size[1] / grey.shape[0]
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        centre_x, centre_y, wide, tall = centre_x * sx, centre_y * sy, wide * sx, tall * sy
    scale_x, scale_y = _WIDTH_PX / wide, _HEIGHT_PX / tall
    # Maps corner to corner, as the training pictures were cut.
    turn = np.array([[scale_x * cos, scale_x * sin], [-scale_y * sin, scale_y * cos]])
    shift = (_WIDTH_PX / 2, _HEIGHT_PX / 2) - turn @ (centre_x, centre_y)
    cut = cv2.warpAffine(
        grey, np.column_stack([turn, shift]), (_WIDTH_PX, _HEIGHT_PX), flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(cut, np.uint8)
