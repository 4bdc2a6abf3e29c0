"""Folders of pictures with YOLO labels: `images/NAME.jpg` beside `labels/NAME.txt`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.detect.frames import Bytes

LABEL_CLASSES = ("car", "bus", "truck", "motorcycle", "bicycle", "person")
"""Names by the first number of a label's row; 8 is a vehicle of unknown class, 9 an area of which
nothing is known."""
UNKNOWN_VEHICLE, IGNORED = 8, 9
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


class UnsuitableFolder(ValueError):
    """The folder has no pictures, or a label file that cannot be read; the text says which."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of one picture: `kind` int64 (n,) as in the file, `xyxy` float32 (n, 4) in pixels."""

    kind: NDArray[np.int64]
    xyxy: NDArray[np.float32]

    def of(self, kinds: Sequence[int]) -> NDArray[np.float32]:
        """Boxes (m, 4) of these kinds."""
        return self.xyxy[np.isin(self.kind, kinds)]


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder, by name: those in `images/` where there is one.

    Raises UnsuitableFolder when there are none.
    """
    inside = folder / "images" if (folder / "images").is_dir() else folder
    if not inside.is_dir():
        raise UnsuitableFolder(f"{folder} is no folder")
    files = sorted(file for file in inside.iterdir() if file.suffix.lower() in _SUFFIXES)
    if not files:
        raise UnsuitableFolder(f"{inside} has no pictures ({', '.join(sorted(_SUFFIXES))})")
    return files


def source_of(file: Path) -> str:
    """What a picture's name begins with: the camera or set that it comes from."""
    return file.stem.split("_")[0] if "_" in file.stem else "all"


def read_picture(file: Path) -> Bytes | None:
    """Pixels (h, w, 3), BGR, upright; None for a file that is no picture."""
    content = np.frombuffer(file.read_bytes(), np.uint8)
    pixels = cv2.imdecode(content, cv2.IMREAD_COLOR) if len(content) else None
    return None if pixels is None else np.asarray(pixels, np.uint8)


def labels_of(file: Path, width: int, height: int) -> Labels:
    """The labels of a picture of this size, in pixels. Raises UnsuitableFolder."""
    path = file.parent.parent / "labels" / f"{file.stem}.txt"
    if not path.is_file():
        raise UnsuitableFolder(f"{path} is missing: with --out no labels are needed")
    rows = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip():
            try:
                kind, x, y, w, h = (float(word) for word in line.split()[:5])
            except ValueError as error:
                raise UnsuitableFolder(f"{path}:{number} is no `class x y w h`") from error
            rows.append((kind, x - w / 2, y - h / 2, x + w / 2, y + h / 2))
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Labels(
        table[:, 0].astype(np.int64),
        table[:, 1:] * np.array([width, height, width, height], np.float32),
    )
