"""Speeds of recordings: by the command on a drawn road, and on six roads that a laser measured."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from payesh.detect.evaluation.recorded_speeds import EDGE_HEIGHT_M
from payesh.detect.main import cli
from tests.unit.detect.surveyed_road import RoadCamera

CAMERA = RoadCamera()


def drawn_recording() -> dict[str, Any]:
    """Forty vehicles, 2 s apart; their followed point lies at the stated height over the road and
    sticks to the border of the followed area at last."""
    rng = np.random.default_rng(5)
    tracks, references = [], []
    for number in range(40):
        speed_kmh = float(rng.uniform(50, 120))
        at_s = 3.0 + 2.0 * number
        frames = np.arange(int((at_s - 1.5) * 50), int((at_s + 0.3) * 50))
        y = 20.0 - speed_kmh / 3.6 * (frames / 50 - at_s)
        seen = (y > 18.0) & (y < 49.0)
        x = 5.0 if number % 2 else 9.0
        ground = np.column_stack([np.full(seen.sum(), x), y[seen]])
        pixels = CAMERA.project(ground, EDGE_HEIGHT_M) + rng.normal(0, 0.4, (seen.sum(), 2))
        stuck = pixels[-1] + np.column_stack([np.arange(1, 13) * 3.0, np.zeros(12)])
        pixels = np.concatenate([pixels, stuck])
        last = int(frames[seen][-1])
        tracks.append(
            {
                "id": number,
                "frames": [*frames[seen].tolist(), *range(last + 1, last + 13)],
                "x_px": pixels[:, 0].tolist(),
                "y_px": pixels[:, 1].tolist(),
            }
        )
        references.append(
            {
                "id": number,
                "speed_kmh": speed_kmh,
                "valid": True,
                "lanes": [number % 2],
                "crossings": [{"line": 0, "video_time_s": at_s}],
            }
        )
    near = CAMERA.project([(3.0, 20.0), (11.0, 20.0)])
    line = np.cross([*near[0], 1.0], [*near[1], 1.0])
    return {
        "recording": "drawn",
        "fps": 50.0,
        "image_size_px": list(CAMERA.picture_px),
        "measured_distances": [
            {
                "p1_px": each.from_px,
                "p2_px": each.to_px,
                "metres": each.metres,
                "along_road": each.along_road,
            }
            for each in CAMERA.surveyed()
        ],
        "measurement_lines_abc": [(line / np.hypot(*line[:2])).tolist()],
        "reference": references,
        "tracks": tracks,
    }


def written(path: Path, recording: dict[str, Any]) -> Path:
    path.write_bytes(gzip.compress(json.dumps(recording).encode()))
    return path


def test_speeds_of_a_drawn_road_are_those_that_were_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "drawn.json.gz", drawn_recording())
    cli(["evaluate-speed", str(file)])
    row = json.loads(capsys.readouterr().out)["drawn"]
    assert row["matched"] == row["measured"] == 40
    assert row["mean_abs_error_kmh"] < 0.4
    assert abs(row["bias_kmh"]) < 0.3
    assert row["coverage"] == 1.0
    assert row["edge_height_by_reference_m"] == pytest.approx(EDGE_HEIGHT_M, abs=0.03)


def test_speeds_are_written_without_references_and_do_not_depend_on_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = drawn_recording()
    with_references, without = tmp_path / "with.csv", tmp_path / "without.csv"
    file = written(tmp_path / "with.json.gz", recording)
    cli(["evaluate-speed", str(file), "--out", str(with_references)])
    del recording["reference"]
    file = written(tmp_path / "without.json.gz", recording)
    capsys.readouterr()
    cli(["evaluate-speed", str(file), "--out", str(without)])
    assert "matched" not in json.loads(capsys.readouterr().out)["drawn"]
    assert without.read_bytes() == with_references.read_bytes()
    with without.open(encoding="utf-8") as rows:
        table = list(csv.DictReader(rows))
    assert [row["track_id"] for row in table] == [str(number) for number in range(40)]
    assert all(float(row["speed_kmh"]) > 40 and float(row["u95_kmh"]) > 0.4 for row in table)


def test_tracks_that_repeat_frames_or_are_empty_spoil_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = drawn_recording()
    repeated = recording["tracks"][7]
    for key in ("frames", "x_px", "y_px"):
        repeated[key] = [*repeated[key][:20], repeated[key][10], *repeated[key][20:]]
    recording["tracks"].append({"id": "empty", "frames": [], "x_px": [], "y_px": []})
    cli(["evaluate-speed", str(written(tmp_path / "drawn.json.gz", recording))])
    row = json.loads(capsys.readouterr().out)["drawn"]
    assert row["measured"] == 40
    assert row["mean_abs_error_kmh"] < 0.4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tracks": None}, "recording"),
        ({"measured_distances": []}, "no distance along the road"),
        ({"fps": 0}, "fps"),
    ],
)
def test_what_is_no_recording_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], words: str
) -> None:
    file = written(tmp_path / "recording.json.gz", drawn_recording() | change)
    with pytest.raises(SystemExit, match="2"):
        cli(["evaluate-speed", str(file)])
    assert words in capsys.readouterr().err


@pytest.mark.shared
@pytest.mark.slow
def test_laser_speeds_of_six_real_roads(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """BrnoCompSpeed (Sochor et al., IEEE T-ITS 2018): other people's tracks, our calibration, fit
    and interval. Run with -s for the figures."""
    files = sorted((shared_data / "speed").glob("*.json.gz"))
    cli(["evaluate-speed", *map(str, files)])
    output = capsys.readouterr()
    print(output.err)
    report = json.loads(output.out)
    everything = report.pop("all")
    assert len(report) == len(files) == 6
    assert everything["measured"] > 3300
    assert everything["mean_abs_error_kmh"] <= 0.8
    assert everything["p95_abs_error_kmh"] <= 2.0
    assert abs(everything["bias_kmh"]) <= 0.4
    assert 0.93 <= everything["coverage"] <= 0.97
    for row in report.values():
        # One road alone keeps the height of its tracks' point and its tape's error.
        assert abs(row["bias_kmh"]) < 1.3
        assert row["p95_abs_error_kmh"] <= 2.0
        assert row["coverage"] > 0.8
        assert row["lower_bound_above_reference"] < 0.08
