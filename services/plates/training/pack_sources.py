"""Pack what the readers are trained on into one file of some megabytes.

    python pack_sources.py --data DATA --out SOURCES.zip

Grey pictures no larger than the networks need, the places of the characters, glyphs of rare
letters, road pictures. Plates whose label the present reader contradicts are left out and printed.
"""

import argparse
import json
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from forced_alignment import Aligner
from locator_samples import load_photos
from picture_files import Picture, read_colour, read_grey

from payesh.plates.adapters.onnx_locator import OnnxPlateLocator
from payesh.plates.adapters.onnx_reader import OnnxPlateReader
from payesh.plates.domain.located_plate import LocatedPlate

PLATE_WIDTH_PX = 208
"""Wider plates are shrunk to this: a cut shows a plate 171 px wide."""
_GLYPHS = {"alef": "الف", "pe": "پ", "te_taxi": "ت", "zhe_wheelchair": "ژ"}
_SURELY_ANOTHER = 0.9


class Pack:
    """A zip of WebP pictures with `rows.json`, one row a picture."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        self.rows: list[dict[str, Any]] = []

    def add(self, kind: str, grey: Picture, quality: int = 83, **facts: Any) -> None:
        coded = cv2.imencode(".webp", grey, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()
        name = f"{len(self.rows):05d}.webp"
        self._zip.writestr(name, coded)
        self.rows.append({"kind": kind, "name": name, **facts})

    def close(self) -> None:
        self._zip.writestr("rows.json", json.dumps(self.rows, ensure_ascii=False))
        self._zip.close()


def add_plate(pack: Pack, kind: str, image: Picture, box: LocatedPlate, text: str,
              places: np.ndarray | None, source: str) -> None:  # fmt: skip
    """The plate with surroundings on each side, for jitter and turns."""
    left, top = max(0, int(box.x - box.width * 0.2)), max(0, int(box.y - box.height * 0.9))
    cut = image[top : int(box.y + box.height * 1.9), left : int(box.x + box.width * 1.2)]
    grey = cv2.cvtColor(np.ascontiguousarray(cut), cv2.COLOR_BGR2GRAY)
    scale = min(1.0, PLATE_WIDTH_PX / box.width)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rectangle = [(box.x - left) * scale, (box.y - top) * scale, box.width * scale,
                 box.height * scale]  # fmt: skip
    points = None if places is None else ((places - [left, top]) * scale).round(1).tolist()
    pack.add(kind, np.asarray(grey, np.uint8), text=text, places=points, source=source,
             box=[round(v, 1) for v in rectangle])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    plates = options.data / "plates"
    aligner, reader = Aligner(), OnnxPlateReader()
    locator = OnnxPlateLocator(least_score=0.3)
    pack = Pack(options.out)

    def judged(kind: str, image: Picture, box: LocatedPlate, text: str, name: str) -> None:
        places = aligner.places(image, box, text)
        if places is None:
            reading = reader.read(image, box)
            if reading.confidence >= _SURELY_ANOTHER:
                print("left out", name, text, reading.text, round(reading.confidence, 2))
                return
        add_plate(pack, kind, image, box, text, places, name)

    for line in (plates / "crops_train.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        file, text, source = line.split("\t")
        image = read_colour(plates / file)
        box = LocatedPlate(0.0, 0.0, float(image.shape[1]), float(image.shape[0]), 1.0)
        if source == "anajar":
            found = locator.locate(image)
            box = found[0] if found else box
        judged(source, image, box, text, file)
    for photo in load_photos(plates, "train"):
        image = read_colour(plates / "photos" / photo.file)
        for (x1, y1, x2, y2), written in zip(photo.boxes.tolist(), photo.texts, strict=True):
            if written:
                judged("photo", image, LocatedPlate(x1, y1, x2 - x1, y2 - y1, 1.0), written,
                       photo.file)  # fmt: skip
    for folder, letter in _GLYPHS.items():
        for path in sorted((plates / "rare" / "glyphs" / folder).iterdir()):
            pack.add("glyph", read_grey(path), letter=letter)
    roads = sorted(f for f in (options.data / "vehicles" / "train" / "images").iterdir()
                   if f.name.startswith(("atl_", "top_")))  # fmt: skip
    for path in roads[:: max(1, len(roads) // 60)]:
        grey = read_grey(path)
        shrink = min(1.0, 400 / max(grey.shape))
        grey = np.asarray(cv2.resize(grey, None, fx=shrink, fy=shrink), np.uint8)
        pack.add("ground", grey, quality=80)
    pack.close()
    kinds = [row["kind"] for row in pack.rows]
    print({k: kinds.count(k) for k in sorted(set(kinds))}, options.out.stat().st_size)
    print("without places", sum(row.get("places", 0) is None for row in pack.rows))


if __name__ == "__main__":
    main()
