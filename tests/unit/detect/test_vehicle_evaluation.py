"""Average precision against counts by hand, and the command over a folder of pictures."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from payesh.detect.adapters.detectors import Detectors
from payesh.detect.adapters.models import ModelFolder
from payesh.detect.adapters.onnx_detector import OnnxDetector
from payesh.detect.adapters.providers import Provider, ProviderMissing
from payesh.detect.domain.detections import Detections
from payesh.detect.evaluation.average_precision import Tally
from payesh.detect.main import cli

NOTHING = np.zeros((0, 4), np.float32)


def found(*rows: tuple[float, float, float, float, float]) -> Detections:
    return Detections.of([row[:4] for row in rows], [row[4] for row in rows], [0] * len(rows))


def test_each_vehicle_is_found_once_and_the_better_box_counts() -> None:
    tally = Tally()
    wanted = np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float32)
    hit = tally.add(
        found((0, 0, 10, 9, 0.6), (0, 0, 10, 10, 0.9), (50, 50, 60, 60, 0.8)), wanted, NOTHING
    )
    assert hit.tolist() == [True, False]
    assert [right for _, right in sorted(tally.rows, reverse=True)] == [True, False, False]
    assert tally.average_precision() == pytest.approx(0.5)


def test_a_box_on_what_is_neither_right_nor_wrong_is_not_counted() -> None:
    tally = Tally()
    ignored = np.array([[0, 0, 100, 100]], np.float32)
    tally.add(found((10, 10, 20, 20, 0.9), (200, 200, 210, 210, 0.8)), NOTHING, ignored)
    assert [right for _, right in tally.rows] == [False]


def test_recall_ends_where_too_many_boxes_are_wrong() -> None:
    tally = Tally(truths=4, rows=[(0.9, True), (0.8, False), (0.7, True), (0.6, False)])
    assert tally.recall(0) == 0.25
    assert tally.recall(1) == 0.5
    assert Tally().recall(1) is None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures of something that the network takes for vehicles, and a file that is none."""
    images = tmp_path / "set" / "images"
    images.mkdir(parents=True)
    rng = np.random.default_rng(3)
    for name in ("one_a.png", "two_b.png"):
        noise = rng.integers(0, 255, (540, 960, 3), np.uint8)
        picture = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2), np.uint8)
        cv2.rectangle(picture, (300, 200), (520, 330), (40, 40, 160), -1)
        cv2.rectangle(picture, (330, 215), (490, 255), (30, 30, 30), -1)
        cv2.imwrite(str(images / name), picture)
    (images / "two_c.jpg").write_bytes(b"no picture")
    return tmp_path / "set"


def test_vehicles_are_written_without_labels_as_the_detector_finds_them(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "vehicles.jsonl"
    cli(["evaluate-vehicles", str(folder), "--out", str(out)])
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["file"] for row in rows] == ["one_a.png", "two_b.png", "two_c.jpg"]
    assert rows[2] == {"file": "two_c.jpg", "detections": [], "error": "no picture"}
    body, _ = ModelFolder().load(None)
    picture = cv2.imread(str(folder / "images" / "one_a.png"))
    expected = OnnxDetector(body, minimum_confidence=0.01).detect_bgr(np.asarray(picture, np.uint8))
    assert len(expected) > 0
    assert [each["score"] for each in rows[0]["detections"]] == pytest.approx(
        expected.score.tolist(), abs=1e-4
    )
    assert rows[0]["detections"][0]["box_xyxy_px"] == pytest.approx(expected.box(0), abs=0.01)
    assert json.loads(capsys.readouterr().out)["vehicle_detector"]["pictures"] == 3


def test_figures_are_by_source_and_lower_where_a_vehicle_is_missed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = folder / "labels"
    labels.mkdir()
    body, _ = ModelFolder().load(None)
    detector = OnnxDetector(body, minimum_confidence=0.01)
    (folder / "images" / "two_c.jpg").unlink()
    for file in sorted((folder / "images").iterdir()):
        picture = np.asarray(cv2.imread(str(file)), np.uint8)
        left, top, right, bottom = detector.detect_bgr(picture).box(0)
        row = [(left + right) / 1920, (top + bottom) / 1080, (right - left) / 960]
        text = f"8 {' '.join(map(str, [*row, (bottom - top) / 540]))}\n"
        # The second picture also has five vehicles where there is nothing to find.
        missed = "8 0.02 0.95 0.01 0.01\n" * 5 if file.stem == "two_b" else ""
        (labels / f"{file.stem}.txt").write_text(text + missed)
    sheet = tmp_path / "sheet.png"
    cli(["evaluate-vehicles", str(folder), "--sheet", str(sheet)])
    sources = json.loads(capsys.readouterr().out)["vehicle_detector"]["sources"]
    assert sources["one"]["vehicles"] == 1
    assert sources["one"]["recall_at_0.1_false"] == 1.0
    assert sources["two"]["vehicles"] == 6
    assert sources["two"]["ap50"]["any"] < 0.5
    assert sources["all"]["pictures"] == 2
    assert cv2.imread(str(sheet)) is not None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "is no folder"),
        (["."], "has no pictures"),
        (["SET", "--model", "unheard_of"], "no detector model named unheard_of"),
        (["SET"], "with --out no labels are needed"),
        (["SET", "--every", "0"], "is at least 1"),
    ],
)
def test_unsuitable_arguments_are_refused_with_what_to_do(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli(["evaluate-vehicles", *(str(folder) if a == "SET" else a for a in arguments)])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_models_are_listed_and_a_damaged_one_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli(["models"])
    report = json.loads(capsys.readouterr().out)
    assert report["running_on"] in {"CPUExecutionProvider", "OpenVINOExecutionProvider"}
    (packaged,) = report["models"]
    assert (packaged["name"], packaged["default"], packaged["fault"]) == (
        "vehicle_detector",
        True,
        None,
    )
    assert "motorcycle" in packaged["classes"] and packaged["ms_1080p"] > 0
    body = Path(packaged["file"]).read_bytes()
    (tmp_path / "other.onnx").write_bytes(body)
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    (tmp_path / "vehicle_detector.onnx").write_bytes(body[:-1] + b"x")
    (tmp_path / "vehicle_detector.md").write_text(Path(packaged["card"]).read_text("utf-8"))
    with pytest.raises(SystemExit) as stopped:
        cli(["models", "--models-folder", str(tmp_path)])
    assert stopped.value.code == 1
    found = {each["name"]: each["fault"] for each in json.loads(capsys.readouterr().out)["models"]}
    assert found["other"] is None
    assert "no network" in found["junk"]
    assert packaged["sha256"] in found["vehicle_detector"]


def test_a_provider_that_is_not_installed_is_refused_with_what_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        cli(["models", "--provider", "tensorrt"])
    said = capsys.readouterr().err
    assert "onnxruntime-gpu" in said and "cpu" in said
    with pytest.raises(ProviderMissing):
        Detectors(ModelFolder(), provider=Provider.TENSORRT)
