"""A camera that moved since its calibration is known by two stills."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from payesh.detect.domain.calibration import calibrate
from payesh.detect.domain.geometry import ground_plane
from payesh.detect.domain.survey import Survey
from payesh.detect.evaluation.view_shift import view_shift
from payesh.detect.handlers.stated_calibration import stated_calibration
from payesh.detect.main import cli
from tests.unit.detect.surveyed_road import RoadCamera

CAMERA = RoadCamera()


def ground() -> np.ndarray:
    """Stones, paint and walls (1080, 1920, 3): blocks of random size and shade."""
    rng = np.random.default_rng(11)
    picture = np.full((1080, 1920, 3), 110, np.uint8)
    for _ in range(1_500):
        x, y = int(rng.integers(0, 1900)), int(rng.integers(0, 1060))
        width, height = (int(each) for each in rng.integers(6, 60, 2))
        shade = tuple(int(each) for each in rng.integers(30, 220, 3))
        cv2.rectangle(picture, (x, y), (x + width, y + height), shade, -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.0))


def turned(picture: np.ndarray, shift_px: float, zoom: float = 1.0) -> np.ndarray:
    matrix = np.array([[zoom, 0.0, shift_px], [0.0, zoom, shift_px / 2]])
    moved = cv2.warpAffine(picture, matrix, (1920, 1080), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    survey = Survey(CAMERA.picture_px, CAMERA.surveyed())
    stated = stated_calibration(survey, calibrate(survey))
    document = {"calibration": stated.model_dump(mode="json")}
    (tmp_path / "revision.json").write_text(json.dumps(document), "utf-8")
    cv2.imwrite(str(tmp_path / "still.png"), ground())
    return tmp_path


def exit_status(site: Path, now: np.ndarray) -> int:
    cv2.imwrite(str(site / "now.png"), now)
    revision, still = str(site / "revision.json"), str(site / "still.png")
    try:
        cli(["check-view", revision, "--picture", still, "--now", str(site / "now.png")])
    except SystemExit as done:
        return int(done.code or 0)
    return 0


def test_another_light_and_vehicles_are_the_same_view(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(12)
    now = np.clip(ground() * 0.6 + 20 + rng.normal(0, 4, (1080, 1920, 3)), 0, 255).astype(np.uint8)
    cv2.rectangle(now, (600, 500), (1000, 800), (30, 30, 160), -1)
    assert exit_status(site, now) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["view"] == "same"
    assert abs(report["length_change"]) < 0.005


def test_a_knocked_camera_is_known_and_what_it_does_to_lengths(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status(site, turned(ground(), 12.0)) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["view"] == "moved"
    assert report["marks_moved_px"] == pytest.approx(np.hypot(12.0, 6.0), abs=0.5)
    # All that is fixed now lies lower in the picture, where a row is worth fewer metres.
    assert report["length_change"] < -0.01


def test_a_wall_before_the_lens_is_not_taken_for_the_view(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(13)
    wall = np.asarray(rng.integers(90, 110, (1080, 1920, 3)), np.uint8)
    assert exit_status(site, wall) == 3
    assert json.loads(capsys.readouterr().out) == {"view": "unknown"}


def test_stills_of_other_sizes_and_revisions_without_calibration_are_refused(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status(site, ground()[:540, :960]) == 2
    assert "differ in size" in capsys.readouterr().err
    (site / "revision.json").write_text('{"calibration": null}', "utf-8")
    assert exit_status(site, ground()) == 2
    assert "has no calibration" in capsys.readouterr().err


@pytest.mark.shared
@pytest.mark.parametrize(
    ("camera", "before", "now", "view"),
    [
        ("09801", "03h", "22h", "same"),
        ("04254", "18h", "22h", "same"),
        ("06710", "03h", "22h", "moved"),
        ("06710", "03h", "18h", "unknown"),
    ],
)
def test_real_cameras_at_night_hours_of_one_day(
    shared_data: Path, camera: str, before: str, now: str, view: str
) -> None:
    """TfL JamCams: 06710 looks a little lower at 22h than at 03h, and at a wall at 18h."""
    stills = [
        first_picture(shared_data / "video", f"tfl_{camera}_{hour}") for hour in (before, now)
    ]
    height, width = stills[0].shape[:2]
    marks = np.array([[0.3, 0.4], [0.7, 0.4], [0.1, 0.95], [0.9, 0.95]]) * (width, height)
    plane = ground_plane(marks, [(0, 40), (8, 40), (0, 15), (8, 15)])
    shift = view_shift(stills[0], stills[1], plane, marks)
    found = "unknown" if shift is None else "moved" if shift.moved else "same"
    assert found == view


def first_picture(folder: Path, name: str) -> np.ndarray:
    (file,) = folder.glob(f"{name}*")
    got, picture = cv2.VideoCapture(str(file)).read()
    assert got
    return np.asarray(picture)
