"""`payesh-detect calibrate`: from a tape to a revision that measures."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from payesh.contracts.camera_revision import CameraRevision
from payesh.detect.domain.calibration import calibrate
from payesh.detect.domain.survey import Survey
from payesh.detect.handlers.stated_calibration import stated_calibration
from payesh.detect.main import cli
from payesh.detect.vision.scenes import scene_of
from tests.support.guides import GUIDES, code_blocks
from tests.unit.detect.surveyed_road import RoadCamera
from tests.unit.detect.test_speed_evaluation import drawn_recording

GUIDE = "calibrate-a-camera.md"
CAMERA = RoadCamera()
EXAMPLE = Path(__file__).parents[3] / "contracts/documents/camera-revision.v1.example.json"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a still, its measurements and tracks of the same view."""
    still = np.full((1080, 1920, 3), 90, np.uint8)
    assert cv2.imwrite(str(tmp_path / "still.png"), still)
    recording = drawn_recording()
    measured = {"measured_distances": recording["measured_distances"]}
    (tmp_path / "measured.json").write_text(json.dumps(measured), "utf-8")
    (tmp_path / "tracks.json.gz").write_bytes(gzip.compress(json.dumps(recording).encode()))
    return tmp_path


def calibrated(site: Path, *more: str) -> None:
    measured, still = str(site / "measured.json"), str(site / "still.png")
    cli(["calibrate", measured, "--picture", still, *more])


def test_a_revision_is_written_whose_scene_has_the_fitted_plane(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after, sheet = site / "before.json", site / "after.json", site / "grid.png"
    before.write_bytes(EXAMPLE.read_bytes())
    tracks = str(site / "tracks.json.gz")
    calibrated(
        site,
        *("--tracks", tracks, "--revision", str(before)),
        *("--out", str(after), "--sheet", str(sheet)),
    )
    report = json.loads(capsys.readouterr().out)
    revision = CameraRevision.model_validate_json(after.read_bytes())
    assert revision.revision == CameraRevision.model_validate_json(before.read_bytes()).revision + 1
    assert revision.certificate is None
    scene = scene_of(revision)
    assert scene.plane is not None
    assert scene.speed_budget is not None
    assert scene.speed_zone is not None
    way = scene.plane.ground(CAMERA.project([(5.0, 25.0), (5.0, 45.0)]))
    assert way[1, 1] - way[0, 1] == pytest.approx(20.0, rel=0.003)
    assert scene.speed_budget.length_scale_u95 == report["length_scale_u95"]
    assert scene.speed_budget.survey_span_m == pytest.approx(28.0, rel=0.01)
    # The drawn traffic drives towards the camera, over the whole of what was measured.
    assert scene.speed_zone.entry_y_m > scene.speed_zone.exit_y_m
    assert scene.speed_zone.length_m == pytest.approx(28.0, rel=0.01)
    drawn = cv2.imread(str(sheet))
    assert drawn is not None
    assert drawn.shape == (1080, 1920, 3)
    assert (drawn != 90).any(axis=2).mean() > 0.005


def test_a_wrong_length_is_pointed_out(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured = json.loads((site / "measured.json").read_text("utf-8"))
    measured["measured_distances"][4]["metres"] = 26.0
    (site / "measured.json").write_text(json.dumps(measured), "utf-8")
    calibrated(site)
    shown = capsys.readouterr()
    report = json.loads(shown.out)
    worst = max(report["residuals"], key=lambda row: abs(row["difference_m"]) / row["sigma_m"])
    assert worst["name"] == "along 5"
    assert report["misfit"] > 2
    (line,) = [line for line in shown.err.splitlines() if line.startswith("along 5")]
    assert "measure again" in line


def test_drives_of_known_speed_agree_or_the_command_fails(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = json.loads(gzip.decompress((site / "tracks.json.gz").read_bytes()))
    known = {each["id"]: each["speed_kmh"] for each in recording["reference"]}
    for factor, agrees in ((1.0, True), (1.06, False)):
        drives = site / "drives.csv"
        rows = [f"{number},{known[number] * factor:.2f}" for number in (3, 4, 5)]
        drives.write_text("\n".join(["track_id,known_kmh", *rows]), "utf-8")
        arguments = ("--tracks", str(site / "tracks.json.gz"), "--check", str(drives))
        if agrees:
            calibrated(site, *arguments)
        else:
            with pytest.raises(SystemExit, match="1"):
                calibrated(site, *arguments)
        check = json.loads(capsys.readouterr().out)["check"]
        assert check["agrees"] is agrees
        assert check["median_ratio"] == pytest.approx(1 / factor, abs=0.005)


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        ({}, "neither measured_distances nor measured_points"),
        ({"measured_distances": [{"p1_px": [0, 0], "metres": 3}]}, "measured_distances.0.p2_px"),
        (
            {
                "measured_distances": [
                    {"p1_px": [9, 9], "p2_px": [9, 99], "metres": 7, "along_road": True}
                ]
            },
            "one distance alone",
        ),
    ],
)
def test_unsuitable_measurements_are_refused_in_words(
    site: Path, capsys: pytest.CaptureFixture[str], measured: dict[str, Any], words: str
) -> None:
    (site / "measured.json").write_text(json.dumps(measured), "utf-8")
    with pytest.raises(SystemExit, match="2"):
        calibrated(site)
    assert words in capsys.readouterr().err


def test_points_and_distances_together_are_stated_in_the_surveyors_coordinates() -> None:
    points = tuple(CAMERA.point((x, y)) for x in (3.0, 11.0) for y in (20.0, 48.0))
    survey = Survey(CAMERA.picture_px, CAMERA.surveyed(), points)
    found = calibrate(survey)
    stated = stated_calibration(survey, found)
    ground = {each.image_px: each.ground_m for each in stated.control_points}
    for point in points:
        near = min(ground, key=lambda px: np.hypot(*np.subtract(px, point.image_px)))
        assert np.allclose(ground[near], point.ground_m, atol=0.03)


def test_the_guides_measurements_and_options_give_its_camera(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = code_blocks(GUIDE, "json")
    (site / "measured.json").write_text(block, "utf-8")
    calibrated(site, "--sheet", str(site / "grid.png"))
    report = json.loads(capsys.readouterr().out)
    assert abs(report["camera_height_m"] - CAMERA.height_m) < report["camera_height_u95_m"]
    assert report["misfit"] < 1
    for command in ("calibrate", "check-view"):
        with pytest.raises(SystemExit):
            cli([command, "--help"])
    usage = capsys.readouterr().out
    options = set(re.findall(r"--[a-z]+", (GUIDES / GUIDE).read_text("utf-8")))
    assert options
    assert all(option in usage for option in options)
