"""`payesh-detect evaluate-speed RECORDING.json.gz`: speeds of recorded tracks beside a laser's."""

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from payesh.detect.domain.calibration import Calibration, calibrate
from payesh.detect.domain.speed import SpeedEstimate
from payesh.detect.domain.survey import NotDetermined
from payesh.detect.evaluation.recorded_speeds import (
    EDGE_HEIGHT_M,
    EDGE_HEIGHT_U95_M,
    speeds_of,
)
from payesh.detect.evaluation.recording import UnsuitableRecording, read_recording
from payesh.detect.evaluation.speed_figures import SpeedFigures, matches_of

_EVERYTHING = "all"
COLUMNS = ("track_id", "speed_kmh", "u95_kmh")


def evaluate_speed(arguments: Sequence[str]) -> None:
    """Measure the speeds of recordings. Exits with 2 for unsuitable arguments."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.out is not None and len(given.recordings) > 1:
        parser.error("--out takes the speeds of one recording")
    everything = SpeedFigures()
    report: dict[str, Any] = {}
    try:
        for path in given.recordings:
            name, row, figures = _evaluated(path, given.out)
            report[name] = row
            everything.add(figures.matches)
    except (UnsuitableRecording, OSError) as error:
        parser.error(str(error))
    if len(report) > 1:
        report[_EVERYTHING] = everything.summary()
    json.dump(report, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
    _tell(report)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="payesh-detect evaluate-speed",
        description="Calibrate each recording from its measured distances and tracks, measure "
        "the speed of every track, and compare with the reference speeds where there are any. "
        "Prints JSON.",
    )
    parser.add_argument(
        "recordings", type=Path, nargs="+", metavar="RECORDING", help="JSON, gzipped or plain"
    )
    parser.add_argument(
        "--out", type=Path, metavar="CSV", help=f"write {','.join(COLUMNS)}; needs no references"
    )
    return parser


def _evaluated(path: Path, out: Path | None) -> tuple[str, dict[str, Any], SpeedFigures]:
    """Raises UnsuitableRecording, OSError."""
    recording = read_recording(path)
    try:
        calibration = calibrate(recording.survey())
    except NotDetermined as error:
        raise UnsuitableRecording(f"{path}: {error}") from error
    speeds = speeds_of(recording.tracks, calibration)
    if out is not None:
        _write(out, speeds)
    row: dict[str, Any] = {
        "calibration": _described(calibration),
        "tracks": len(recording.tracks),
        "speeds": len(speeds),
    }
    figures = SpeedFigures()
    if recording.references is not None:
        figures.add(matches_of(recording, speeds))
        summary = figures.summary()
        row |= summary
        if "median_ratio" in summary:
            # The plane's height at which ours would agree on average: shown, never used.
            raised_m = EDGE_HEIGHT_M - calibration.camera_height_m
            row["edge_height_by_reference_m"] = round(
                calibration.camera_height_m + raised_m / summary["median_ratio"], 3
            )
    return recording.name, row, figures


def _described(calibration: Calibration) -> dict[str, Any]:
    return {
        "camera_height_m": round(calibration.camera_height_m, 3),
        "camera_height_u95_m": round(calibration.camera_height_u95_m, 3),
        "edge_height_m": EDGE_HEIGHT_M,
        "edge_height_u95_m": EDGE_HEIGHT_U95_M,
        "ground_u95_m": round(calibration.ground_u95_m, 3),
        "length_scale_u95": round(calibration.length_scale_u95, 5),
        "misfit": round(calibration.misfit, 2),
        "residuals": [
            {
                "name": each.name,
                "measured_m": each.measured_m,
                "fitted_m": round(each.fitted_m, 3),
            }
            for each in calibration.residuals
        ],
    }


def _write(path: Path, speeds: Mapping[int | str, SpeedEstimate]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for track_id, speed in speeds.items():
            rows.writerow([track_id, f"{speed.speed_kmh:.3f}", f"{speed.speed_u95_kmh:.3f}"])


def _tell(report: Mapping[str, Any]) -> None:
    """A table for people, on the terminal's other stream."""
    for name, row in report.items():
        if "bias_kmh" in row:
            sys.stderr.write(
                f"{name:16} {row['measured']:5} of {row['matched']:5} vehicles  "
                f"mean {row['mean_abs_error_kmh']:.2f}  p95 {row['p95_abs_error_kmh']:.2f}  "
                f"bias {row['bias_kmh']:+.2f} km/h  coverage {row['coverage']:.3f}\n"
            )
        else:
            sys.stderr.write(f"{name:16} {row.get('speeds', 0)} speeds, no reference\n")
