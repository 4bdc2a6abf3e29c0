"""Lists of pictures with what their plates say: crops as TSV, photographs as JSON lines."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from payesh.contracts.plate_text import fold

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
_FOLDERS = ("", "photos", "crops", "images")
_VEHICLE_COLUMNS = ("vehicle", "group", "track")


class UnsuitableList(ValueError):
    """The list cannot be read; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Crop:
    """One picture that shows one plate; `text` is None where the list has none."""

    file: str
    path: Path
    text: str | None
    source: str
    vehicle: str


@dataclass(frozen=True, slots=True)
class LabelledPlate:
    """A plate of a photograph: its box x, y, width, height as fractions of the picture, x and y of
    the left top corner; `text` is None where nobody transcribed it."""

    box: tuple[float, float, float, float]
    text: str | None


@dataclass(frozen=True, slots=True)
class Photograph:
    """One photograph; `plates` is None where the list has none."""

    file: str
    path: Path
    scene: str
    plates: tuple[LabelledPlate, ...] | None


def crops_of(path: Path) -> list[Crop]:
    """Crops of a TSV with a header (`file`, and if known `text`, `source`, `vehicle`), or of a
    folder of pictures. Files stand relative to the list. Raises UnsuitableList, OSError."""
    if path.is_dir():
        return [Crop(file.name, file, None, "all", _stem(file.name)) for file in _pictures(path)]
    with path.open(encoding="utf-8", newline="") as lines:
        table = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if "file" not in (table.fieldnames or ()):
            raise UnsuitableList(f"{path} has no column `file` in its first line")
        rows = list(table)
    if not rows:
        raise UnsuitableList(f"{path} names no file")
    column = next((name for name in _VEHICLE_COLUMNS if name in rows[0]), None)
    return [
        Crop(
            file=row["file"],
            path=_found(path.parent, row["file"]),
            text=_text(row.get("text")),
            source=row.get("source") or row.get("class") or "all",
            vehicle=row[column] if column else _stem(row["file"]),
        )
        for row in rows
    ]


def photographs_of(path: Path) -> list[Photograph]:
    """Photographs of a list of JSON lines (`file`, and if known `scene`, `plates` with
    `box_xywh_norm`, centre first, and `text`), or of a folder. Raises UnsuitableList, OSError."""
    if path.is_dir():
        return [Photograph(file.name, file, "all", None) for file in _pictures(path)]
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            plates = row.get("plates")
            labelled = None if plates is None else tuple(_plate(each) for each in plates)
            file = str(row["file"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnsuitableList(f"{path}:{number} is no photograph of a list: {error}") from error
        found.append(
            Photograph(file, _found(path.parent, file), row.get("scene") or "all", labelled)
        )
    if not found:
        raise UnsuitableList(f"{path} names no file")
    return found


def read_picture(path: Path) -> NDArray[np.uint8] | None:
    """Pixels (H, W, 3), BGR, upright; None for a file that is no picture. Raises OSError."""
    content = np.frombuffer(path.read_bytes(), np.uint8)
    picture = cv2.imdecode(content, cv2.IMREAD_COLOR) if len(content) else None
    return None if picture is None else np.asarray(picture, np.uint8)


def _plate(row: dict[str, object]) -> LabelledPlate:
    box = row["box_xywh_norm"]
    if not isinstance(box, list) or len(box) != 4:
        raise ValueError("box_xywh_norm is not four numbers")
    x, y, width, height = (float(value) for value in box)
    text = row.get("text")
    return LabelledPlate(
        (x - width / 2, y - height / 2, width, height),
        _text(text if isinstance(text, str) else None),
    )


def _text(written: str | None) -> str | None:
    """In canonical characters, so that equal plates compare equal."""
    if not written:
        return None
    return fold(written) or None


def _found(folder: Path, file: str) -> Path:
    for inside in _FOLDERS:
        if (folder / inside / file).is_file():
            return folder / inside / file
    raise UnsuitableList(f"{file} is not beside the list in {folder}")


def _pictures(folder: Path) -> Iterable[Path]:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES)
    if not files:
        raise UnsuitableList(f"{folder} has no pictures")
    return files


def _stem(file: str) -> str:
    """A file's name without what numbers the pictures of one vehicle: `a_3.jpg` is of `a`."""
    stem = Path(file).stem
    return stem.rpartition("_")[0] or stem
