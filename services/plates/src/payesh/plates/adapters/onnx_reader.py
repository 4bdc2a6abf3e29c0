"""Reads located plates with the packaged `plate_reader.onnx`."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.plates.adapters.packaged_model import PackagedModel
from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.plate_lattice import reading_of
from payesh.plates.domain.reading import PlateReading

_WIDTH_PX, _HEIGHT_PX = 192, 48
# The network was trained on boxes grown by these factors, so that a box that cuts into the
# plate still shows all of it.
_GROWN_X, _GROWN_Y = 1.12, 1.35


class OnnxPlateReader:
    """Reads plates on `threads` CPU threads; probabilities are calibrated in the network."""

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
        """The plates inside `boxes`, in their order, in one run of the network."""
        if not boxes:
            return []
        cuts = np.stack([cut_plate(image_bgr, box) for box in boxes])[:, None]
        logits = self._model.run(cuts.astype(np.float32) / np.float32(255)).astype(np.float64)
        powers = np.exp(logits - logits.max(2, keepdims=True))
        return [reading_of(p) for p in powers / powers.sum(2, keepdims=True)]


def cut_plate(image_bgr: NDArray[np.uint8], box: LocatedPlate) -> NDArray[np.uint8]:
    """The grown box in grey, (48, 192); what lies outside the picture repeats its edge."""
    wide, tall = box.width * _GROWN_X, box.height * _GROWN_Y
    left, top = box.x + (box.width - wide) / 2, box.y + (box.height - tall) / 2
    height, width = image_bgr.shape[:2]
    # Work on the neighbourhood only: a shot is up to 4096 px wide.
    x1, y1 = int(np.clip(left - 2, 0, width - 1)), int(np.clip(top - 2, 0, height - 1))
    x2, y2 = (
        int(np.clip(left + wide + 3, x1 + 1, width)),
        int(np.clip(top + tall + 3, y1 + 1, height)),
    )
    grey = cv2.cvtColor(np.ascontiguousarray(image_bgr[y1:y2, x1:x2]), cv2.COLOR_BGR2GRAY)
    left, top = left - x1, top - y1
    # Bilinear sampling of a much larger plate aliases: average it down first.
    shrink = min(1.0, 1.2 * _WIDTH_PX / wide)
    if shrink < 0.72:
        size = (max(1, round(grey.shape[1] * shrink)), max(1, round(grey.shape[0] * shrink)))
        sx, sy = size[0] / grey.shape[1], size[1] / grey.shape[0]
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        left, top, wide, tall = left * sx, top * sy, wide * sx, tall * sy
    scale_x, scale_y = _WIDTH_PX / wide, _HEIGHT_PX / tall
    # Maps corner to corner, as the training pictures were cut.
    matrix = np.array([[scale_x, 0, -left * scale_x], [0, scale_y, -top * scale_y]])
    cut = cv2.warpAffine(
        grey, matrix, (_WIDTH_PX, _HEIGHT_PX), flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(cut, np.uint8)
