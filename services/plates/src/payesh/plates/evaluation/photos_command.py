"""`payesh-plates evaluate-photos PHOTOS.jsonl`: plates located and read in photographs."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.evaluation.arguments import (
    networks_of,
    parser_of,
    print_json,
    shown,
    write_lines,
)
from payesh.plates.evaluation.contact_sheet import MissedPlates
from payesh.plates.evaluation.picture_lists import (
    LabelledPlate,
    Photograph,
    UnsuitableList,
    photographs_of,
    read_picture,
)
from payesh.plates.evaluation.read_figures import ReadPlate, report
from payesh.plates.evaluation.second_reading import SecondReadings, second_readings
from payesh.plates.handlers.picture_reading import PictureRead, read_photograph

_SAME = 0.5


@dataclass(slots=True)
class _Scene:
    """Counts of one kind of photographs; an accepted read on no labelled plate is false."""

    photographs: int = 0
    plates: int = 0
    found: int = 0
    accepted: int = 0
    false_accepted: int = 0

    def summary(self) -> dict[str, Any]:
        return {
            "photographs": self.photographs,
            "plates": self.plates,
            "found": round(self.found / self.plates, 4) if self.plates else None,
            "accepted": self.accepted,
            "accepted_on_no_plate": self.false_accepted,
        }


class _Measurement:
    """Plates found and read beside their labels, over any number of photographs."""

    def __init__(self, least: float, again: SecondReadings | None) -> None:
        self._least, self._again = least, again
        self._scenes: dict[str, _Scene] = {}
        self._read: list[ReadPlate] = []
        self.sheet = MissedPlates()

    def add(
        self, photograph: Photograph, picture: NDArray[np.uint8], found: Sequence[PictureRead]
    ) -> None:
        """Count one photograph; each labelled plate has the located one that overlaps it most."""
        height, width = picture.shape[:2]
        scene = self._scenes.setdefault(photograph.scene, _Scene())
        scene.photographs += 1
        left = list(found)
        for plate in photograph.plates or ():
            own = _best(plate, left, width, height)
            scene.plates += 1
            if own is not None:
                left.remove(own)
                scene.found += 1
            if plate.text:
                where = own.plate if own else _in_pixels(plate, width, height)
                read = ReadPlate(
                    photograph.file, photograph.scene, plate.text,
                    own.reading if own else None, plate.box[2] * width,
                    self._again.text(picture, own) if self._again else None,
                )  # fmt: skip
                self._read.append(read)
                if not read.is_exact:
                    self.sheet.add(picture, where, plate.text, read.text)
        scene.accepted += sum(_is_accepted(each, self._least) for each in found)
        scene.false_accepted += sum(_is_accepted(each, self._least) for each in left)

    def summary(self) -> dict[str, Any]:
        """Figures by scene, and of all transcribed plates end to end."""
        scenes = {name: scene.summary() for name, scene in sorted(self._scenes.items())}
        second = {"second": self._again.summary(self._read)} if self._again else {}
        return {"scenes": scenes, **report(self._read, self._least), **second}


def evaluate_photos(arguments: Sequence[str]) -> None:
    """Locate and read plates, end to end. Exits with 2 for unsuitable arguments."""
    parser = parser_of(
        "evaluate-photos",
        "Locate and read the plates of photographs and compare them with their labels. Prints "
        "JSON: plates found at overlap 0.5, false plates, exact reads end to end.",
        "JSON lines {file, scene, plates: [{box_xywh_norm, text}]}, or a folder of pictures",
    )
    given = parser.parse_args(arguments)
    try:
        photographs = photographs_of(given.pictures)
        measured = all(each.plates is not None for each in photographs)
        if not measured and given.out is None:
            raise UnsuitableList("a photograph has no plates: with --out none are needed")
        locator, reader = networks_of(given)
        again = second_readings(given.accept) if given.second else None
        measurement, lines = _Measurement(given.accept, again), []
        for photograph in shown(photographs, "photograph"):
            picture = read_picture(photograph.path)
            row: dict[str, Any] = {"file": photograph.file, "plates": []}
            if picture is None:
                sys.stderr.write(f"{photograph.file} is no picture\n")
                row["error"] = "no picture"
            else:
                found = read_photograph(picture, locator, reader)
                height, width = picture.shape[:2]
                row["plates"] = [_row(each, width, height, given.accept) for each in found]
                measurement.add(photograph, picture, found)
            lines.append(json.dumps(row, ensure_ascii=False))
        if given.out:
            write_lines(given.out, lines)
        if given.sheet and measured:
            measurement.sheet.write(given.sheet)
    except (UnsuitableList, OSError) as error:
        parser.error(str(error))
    figures = measurement.summary() if measured else {}
    print_json({"photographs": len(photographs), **figures})


def _row(each: PictureRead, width: int, height: int, least: float) -> dict[str, Any]:
    plate = each.plate
    return {
        "box_xywh_norm": [
            round((plate.x + plate.width / 2) / width, 5),
            round((plate.y + plate.height / 2) / height, 5),
            round(plate.width / width, 5),
            round(plate.height / height, 5),
        ],
        "text": each.reading.text,
        "confidence": round(each.reading.confidence, 4),
        "accepted": _is_accepted(each, least),
    }


def _is_accepted(each: PictureRead, least: float) -> bool:
    return ReadPlate.of(each).is_accepted(least)


def _in_pixels(plate: LabelledPlate, width: int, height: int) -> LocatedPlate:
    x, y, wide, high = plate.box
    return LocatedPlate(x * width, y * height, wide * width, high * height, 1.0)


def _best(
    plate: LabelledPlate, found: Sequence[PictureRead], width: int, height: int
) -> PictureRead | None:
    truth = _in_pixels(plate, width, height)
    best = max(found, key=lambda each: _overlap(each.plate, truth), default=None)
    return best if best is not None and _overlap(best.plate, truth) >= _SAME else None


def _overlap(a: LocatedPlate, b: LocatedPlate) -> float:
    """Intersection over union."""
    wide = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    high = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    shared = max(wide, 0.0) * max(high, 0.0)
    return shared / (a.width * a.height + b.width * b.height - shared)
