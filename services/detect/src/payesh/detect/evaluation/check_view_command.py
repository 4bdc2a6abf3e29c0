"""`payesh-detect check-view REVISION.json --picture STILL.png --now NEW.png`: has a camera moved
since it was calibrated?"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from payesh.contracts.camera_revision import Calibration
from payesh.detect.domain.geometry import DegenerateControlPoints, ground_plane
from payesh.detect.evaluation.labelled_pictures import read_picture
from payesh.detect.evaluation.view_shift import view_shift
from payesh.detect.frames import Bytes

MOVED, UNKNOWN = 1, 3
"""Exit statuses; 0 when the view is the calibrated one."""


class _Calibrated(BaseModel):
    """A revision, or the part of one that `calibrate` writes."""

    calibration: Calibration


class UnsuitableView(ValueError):
    """The stills or the revision cannot be compared; the text says why."""


def check_view(arguments: Sequence[str]) -> None:
    """Compare, report, and exit with 1 when the camera moved, 3 when the stills show too little in
    common, and 2 for unsuitable arguments."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        report, status = _checked(given)
    except (UnsuitableView, OSError) as error:
        parser.error(str(error))
    json.dump(report, sys.stdout, indent=1)
    sys.stdout.write("\n")
    if status:
        raise SystemExit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="payesh-detect check-view",
        description="Compare a new still with the one that a camera was calibrated in. Prints JSON "
        "and exits with 0 (same view), 1 (moved) or 3 (cannot be compared).",
    )
    parser.add_argument("revision", type=Path, help="the revision, or what calibrate wrote")
    parser.add_argument("--picture", type=Path, required=True, help="the calibration's still")
    parser.add_argument("--now", type=Path, required=True, help="a still of today, same size")
    return parser


def _checked(given: argparse.Namespace) -> tuple[dict[str, Any], int]:
    before, now = _still(given.picture), _still(given.now)
    if before.shape != now.shape:
        raise UnsuitableView("the stills differ in size")
    try:
        stated = _Calibrated.model_validate_json(given.revision.read_bytes()).calibration
        marks = np.array([point.image_px for point in stated.control_points])
        plane = ground_plane(marks, [point.ground_m for point in stated.control_points])
    except (ValidationError, DegenerateControlPoints) as error:
        raise UnsuitableView(f"{given.revision} has no calibration: {error}") from error
    shift = view_shift(before, now, plane, marks)
    if shift is None:
        return {"view": "unknown"}, UNKNOWN
    report = {
        "view": "moved" if shift.moved else "same",
        "matches": shift.matches,
        "marks_moved_px": round(shift.marks_px, 2),
        "length_change": round(shift.length_change, 5),
        "length_scale_u95": stated.length_scale_u95,
    }
    return report, MOVED if shift.moved else 0


def _still(path: Path) -> Bytes:
    still = read_picture(path)
    if still is None:
        raise UnsuitableView(f"{path} is no picture")
    return still
