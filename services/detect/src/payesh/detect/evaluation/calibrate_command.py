"""`payesh-detect calibrate MEASURED.json --picture STILL.png`: a camera's plane from a tape."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from payesh.contracts.camera_revision import CameraRevision
from payesh.detect.domain.survey import NotDetermined
from payesh.detect.evaluation.known_drives import UnsuitableDrives, compared, read_drives
from payesh.detect.evaluation.labelled_pictures import read_picture
from payesh.detect.evaluation.metric_grid import drawn_grid, write_picture
from payesh.detect.evaluation.recorded_speeds import speeds_of
from payesh.detect.evaluation.recording import (
    Recording,
    UnsuitableRecording,
    read_recording,
)
from payesh.detect.frames import Bytes
from payesh.detect.handlers.measured_site import (
    MeasuredSite,
    UnsuitableMeasurements,
    read_site,
)
from payesh.detect.handlers.site_fitting import SiteFit, fitted
from payesh.detect.handlers.stated_calibration import UnsuitableRevision


class UnsuitablePicture(ValueError):
    """The still cannot be read, or is not of the size of the tracks."""


def calibrate_camera(arguments: Sequence[str]) -> None:
    """Fit, report, draw and write. Exits with 2 for unsuitable arguments or measurements, and with
    1 when drives of known speed disagree."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.check is not None and given.tracks is None:
        parser.error("--check needs --tracks, which show the drives")
    try:
        report = _calibrated(given)
    except (
        NotDetermined,
        UnsuitableDrives,
        UnsuitableMeasurements,
        UnsuitablePicture,
        UnsuitableRecording,
        UnsuitableRevision,
        OSError,
    ) as error:
        parser.error(str(error))
    json.dump(report, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
    _tell(report)
    if "check" in report and not report["check"]["agrees"]:
        raise SystemExit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="payesh-detect calibrate",
        description="Fit a camera's ground plane to distances and points measured on the road, "
        "with the traffic's direction where there are tracks. Prints JSON: residuals, the camera, "
        "and the uncertainties for the revision.",
    )
    parser.add_argument("measured", type=Path, help="MEASURED.json")
    parser.add_argument(
        "--picture", type=Path, required=True, help="the still in which the marks were set"
    )
    parser.add_argument(
        "--tracks", type=Path, metavar="RECORDING", help="tracks of vehicles in the same view"
    )
    parser.add_argument(
        "--revision", type=Path, help="the camera's revision so far; --out is then a whole one"
    )
    parser.add_argument("--out", type=Path, help="write what the revision has from this")
    parser.add_argument("--sheet", type=Path, help="write the still with a metric grid (PNG)")
    parser.add_argument(
        "--check",
        type=Path,
        metavar="DRIVES.csv",
        help="compare with drives of known speed: track_id,known_kmh[,known_u95_kmh]",
    )
    return parser


def _calibrated(given: argparse.Namespace) -> dict[str, Any]:
    still = read_picture(given.picture)
    if still is None:
        raise UnsuitablePicture(f"{given.picture} is no picture")
    recording = None if given.tracks is None else read_recording(given.tracks)
    fit = _fitted(read_site(given.measured), still, recording)
    report = fit.described()
    if given.out is not None:
        document = fit.revision(
            _current(given.revision),
            towards_camera=recording is None or recording.towards_camera(),
        )
        text = json.dumps(document, indent=1, ensure_ascii=False)
        given.out.write_text(text + "\n", encoding="utf-8")
    if given.sheet is not None:
        write_picture(given.sheet, drawn_grid(still, fit.survey, fit.calibration))
    if given.check is not None and recording is not None:
        drives = read_drives(given.check)
        report["check"] = compared(drives, speeds_of(recording.tracks, fit.calibration))
    return report


def _fitted(site: MeasuredSite, still: Bytes, recording: Recording | None) -> SiteFit:
    picture_px = int(still.shape[1]), int(still.shape[0])
    if recording is None:
        return fitted(site, picture_px, None)
    if recording.picture_px != picture_px:
        raise UnsuitablePicture(
            f"the tracks are in pictures of {recording.picture_px}, the still is {picture_px}"
        )
    return fitted(site, picture_px, recording.vanishing_px())


def _current(path: Path | None) -> CameraRevision | None:
    if path is None:
        return None
    try:
        return CameraRevision.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise UnsuitableRevision(f"{path} is no camera revision: {error}") from error


def _tell(report: dict[str, Any]) -> None:
    """A table for people, on the terminal's other stream."""
    for row in report["residuals"]:
        off = abs(row["difference_m"]) > 2 * row["sigma_m"]
        sys.stderr.write(
            f"{row['name']:12} measured {row['measured_m']:8.3f} m  "
            f"fitted {row['fitted_m']:8.3f} m  {row['difference_m']:+.3f} m"
            f"{'  <- measure again' if off else ''}\n"
        )
    sys.stderr.write(
        f"camera {report['camera_height_m']:.2f} ± {report['camera_height_u95_m']:.2f} m high; "
        f"lengths ± {100 * report['length_scale_u95']:.2f} %, points ± "
        f"{report['ground_u95_m']:.2f} m; misfit {report['misfit']:.2f}\n"
    )
    check = report.get("check")
    if check is not None:
        verdict = "agree" if check["agrees"] else "DISAGREE"
        sys.stderr.write(f"drives {verdict}: median ratio {check['median_ratio']:.4f}\n")
