"""`payesh-detect evaluate-vehicles FOLDER`: vehicles found in pictures, beside other detectors."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from payesh.detect.adapters.models import ModelFolder, ModelMissing
from payesh.detect.adapters.onnx_detector import OnnxDetector, UnsuitableModel
from payesh.detect.domain.detections import VEHICLE_CLASSES, Detections
from payesh.detect.evaluation.contact_sheet import WorstPictures
from payesh.detect.evaluation.labelled_pictures import (
    UnsuitableFolder,
    labels_of,
    pictures_in,
    read_picture,
    source_of,
)
from payesh.detect.evaluation.vehicle_figures import (
    ANY,
    LOWEST_SCORE,
    FindsVehicles,
    SourceFigures,
    processor_ms,
)
from payesh.detect.frames import Bytes

_EVERYTHING = "all"


def evaluate_vehicles(arguments: Sequence[str]) -> None:
    """Measure detectors on a folder of pictures. Exits with 2 for unsuitable arguments."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        files = pictures_in(given.folder)[:: given.every]
        measured = given.out is None or (given.folder / "labels").is_dir()
        report: dict[str, Any] = {}
        for name in [given.model, *given.beside]:
            first = not report
            report[name] = _evaluated(
                name,
                _loaded(name, given.models_folder),
                files,
                measured=measured,
                out=given.out if first else None,
                sheet=given.sheet if first and measured else None,
            )
    except (UnsuitableFolder, UnsuitableModel, ModelMissing, OSError) as error:
        parser.error(str(error))
    json.dump(report, sys.stdout, indent=1)
    sys.stdout.write("\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="payesh-detect evaluate-vehicles",
        description="Find vehicles in every picture of a folder and compare them with its labels "
        "(YOLO text in labels/, beside images/). Prints JSON: AP at overlap 0.5 by source and "
        "class, processor time of a 1080p frame.",
    )
    parser.add_argument("folder", type=Path, help="folder with images/ and labels/, or pictures")
    parser.add_argument(
        "--model",
        default="vehicle_detector",
        help="name of a model, or an ONNX file; @PIXELS after a file sets its longest side",
    )
    parser.add_argument(
        "--beside", nargs="+", default=[], metavar="MODEL", help="further models, in the same run"
    )
    parser.add_argument("--models-folder", type=Path, help="where models are looked for by name")
    parser.add_argument(
        "--out",
        type=Path,
        help="write the vehicles as JSON lines {file, detections}; no labels are needed",
    )
    parser.add_argument("--sheet", type=Path, help="write a PNG of the pictures with most misses")
    parser.add_argument(
        "--every", type=_positive, default=1, help="a quick look: one picture in so many"
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("is at least 1")
    return number


def _loaded(name: str, folder: Path | None) -> OnnxDetector:
    """Raises ModelMissing, UnsuitableModel, OSError."""
    path, _, side = name.partition("@")
    if not path.endswith(".onnx"):
        body, _ = ModelFolder(folder).load(path)
    else:
        body = Path(path).read_bytes()
    if side and not side.isdecimal():
        raise UnsuitableModel(f"{name}: after @ stands the longest side in pixels")
    return OnnxDetector(
        body, minimum_confidence=LOWEST_SCORE, long_side_px=int(side) if side else None
    )


def _evaluated(
    name: str,
    detector: FindsVehicles,
    files: Sequence[Path],
    *,
    measured: bool,
    out: Path | None,
    sheet: Path | None,
) -> dict[str, Any]:
    sources = {_EVERYTHING: SourceFigures()}
    worst = WorstPictures()
    timed: Bytes | None = None
    lines = None if out is None else out.open("w", encoding="utf-8")
    for file, picture in _pictures(name, files):
        if picture is None:
            sys.stderr.write(f"{file.name} is no picture\n")
            _write(lines, {"file": file.name, "detections": [], "error": "no picture"})
            continue
        timed = picture if timed is None else timed
        found = detector.detect_bgr(picture)
        _write(lines, {"file": file.name, "detections": _rows(found)})
        if measured:
            labels = labels_of(file, picture.shape[1], picture.shape[0])
            sources[_EVERYTHING].add(found, labels)
            own = sources.setdefault(source_of(file), SourceFigures())
            vehicles, hit = own.add(found, labels)
            if sheet is not None:
                worst.add(file.name, picture, found, labels.xyxy, vehicles - hit)
    if lines is not None:
        lines.close()
    if sheet is not None:
        worst.write(sheet)
    report: dict[str, Any] = {"pictures": len(files)}
    if timed is not None:
        report["ms_1080p"] = processor_ms(detector, timed)
    if measured:
        report["sources"] = {source: each.summary() for source, each in sources.items()}
        _tell(name, report)
    return report


def _pictures(name: str, files: Sequence[Path]) -> Iterator[tuple[Path, Bytes | None]]:
    for file in tqdm(files, desc=Path(name).name, unit="picture", file=sys.stderr):
        yield file, read_picture(file)


def _rows(found: Detections) -> list[dict[str, Any]]:
    return [
        {
            "class": VEHICLE_CLASSES[int(found.class_id[row])],
            "score": round(float(found.score[row]), 4),
            "box_xyxy_px": [round(side, 2) for side in found.box(row)],
        }
        for row in range(len(found))
    ]


def _write(lines: TextIO | None, row: dict[str, Any]) -> None:
    if lines is not None:
        lines.write(json.dumps(row, ensure_ascii=False) + "\n")


def _tell(name: str, report: dict[str, Any]) -> None:
    """A table for people, on the terminal's other stream."""
    sys.stderr.write(f"{name}: {report.get('ms_1080p')} ms a 1080p frame on one thread\n")
    for source, row in report["sources"].items():
        figures = "  ".join(
            f"{kind} {value:.3f}" for kind, value in row["ap50"].items() if value is not None
        )
        alone = "" if ANY in row["ap50"] else "  (too few vehicles for a figure)"
        sys.stderr.write(f"  {source:6} {row['pictures']:5} pictures  {figures}{alone}\n")
