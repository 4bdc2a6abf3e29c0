"""`payesh-plates evaluate-crops LABELS.tsv`: plates read from pictures that show one each."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from payesh.plates.domain.reading import PlateReading
from payesh.plates.evaluation.arguments import (
    networks_of,
    parser_of,
    print_json,
    shown,
    write_lines,
)
from payesh.plates.evaluation.contact_sheet import MissedPlates
from payesh.plates.evaluation.picture_lists import Crop, UnsuitableList, crops_of, read_picture
from payesh.plates.evaluation.read_figures import ReadPlate, milliseconds, report
from payesh.plates.evaluation.second_reading import second_readings
from payesh.plates.handlers.picture_reading import PictureRead, fused, read_crop


@dataclass(frozen=True, slots=True)
class _ReadCrop:
    crop: Crop
    found: PictureRead | None
    reading: PlateReading | None
    """Of the crop alone, or of all crops of its vehicle."""
    width_px: float
    second: str | None

    def as_plate(self) -> ReadPlate:
        crop = self.crop
        return ReadPlate(
            crop.file, crop.source, crop.text or "", self.reading, self.width_px, self.second
        )


def evaluate_crops(arguments: Sequence[str]) -> None:
    """Read crops and compare them with their texts. Exits with 2 for unsuitable arguments."""
    parser = parser_of(
        "evaluate-crops",
        "Read the plate of each crop and compare it with its text. Prints JSON: exact reads, "
        "characters, confusions, coverage against error, by source, letter and width.",
        "TSV with the columns file and text (source, vehicle), or a folder of pictures",
    )
    parser.add_argument(
        "--group",
        action="store_true",
        help="one reading of consecutive files of one vehicle: by the column vehicle, else by the "
        "name up to its last `_`",
    )
    given = parser.parse_args(arguments)
    try:
        crops = crops_of(given.pictures)
        measured = all(crop.text for crop in crops)
        if not measured and given.out is None:
            raise UnsuitableList("a crop has no text: with --out none is needed")
        if given.group and given.second:
            raise UnsuitableList("--second reads single crops, not vehicles")
        locator, reader = networks_of(given)
        again = second_readings(given.accept) if given.second else None
        sheet, read, spent = MissedPlates(), [], []
        for crop in shown(crops, "crop"):
            picture = read_picture(crop.path)
            began = time.thread_time()
            found = None if picture is None else read_crop(picture, locator, reader)
            spent.append(time.thread_time() - began)
            second = again.text(picture, found) if again and picture is not None else None
            reading = found.reading if found else None
            read.append(_ReadCrop(crop, found, reading, _width(found), second))
            if measured and picture is not None and not read[-1].as_plate().is_exact:
                sheet.add(
                    picture,
                    found.plate if found else None,
                    crop.text or "",
                    read[-1].as_plate().text,
                )
        if given.group:
            read = _together(read)
        if given.out:
            write_lines(given.out, _lines(read, given.accept))
        if given.sheet and measured:
            sheet.write(given.sheet)
    except (UnsuitableList, OSError) as error:
        parser.error(str(error))
    plates = [each.as_plate() for each in read]
    figures = report(plates, given.accept) if measured else {}
    if again and measured:
        figures["second"] = again.summary(plates)
    print_json({"crops": len(crops), "ms": milliseconds(spent), **figures})


def _together(read: Sequence[_ReadCrop]) -> list[_ReadCrop]:
    grouped = []
    for _, each in groupby(read, key=lambda one: one.crop.vehicle):
        own = list(each)
        reading = fused([one.found for one in own])
        grouped += [replace(one, reading=reading) for one in own]
    return grouped


def _lines(read: Sequence[_ReadCrop], least: float) -> list[str]:
    lines = ["file\ttext\tconfidence\taccepted"]
    for each in read:
        plate = each.as_plate()
        confidence = 0.0 if each.reading is None else each.reading.confidence
        accepted = int(plate.is_accepted(least))
        lines.append(f"{each.crop.file}\t{plate.text}\t{confidence:.4f}\t{accepted}")
    return lines


def _width(found: PictureRead | None) -> float:
    return 0.0 if found is None else found.plate.width
