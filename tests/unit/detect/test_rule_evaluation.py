"""Violations beside the truth: false, twice, missed; and the command over a folder of films."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from payesh.contracts.values import format_utc
from payesh.detect.evaluation.rule_figures import FoundViolation, compared
from payesh.detect.evaluation.rule_films import FilmedVehicle, Offence, RuleFilm
from payesh.detect.main import cli
from payesh.local.rules_truth import BrokenRule, TrueVehicle, write_rules
from tests.unit.detect.box_street import BoxCar, box_revision, project
from tests.unit.detect.conftest import CARS
from tests.unit.detect.segment_cutter import STARTED_AT

TIMES = np.arange(0.0, 10.0, 0.2)


def vehicle(name: str, left: float, *offences: Offence) -> FilmedVehicle:
    boxes = np.stack([left + 0 * TIMES, 10 * TIMES, left + 40 + 0 * TIMES, 10 * TIMES + 40], axis=1)
    return FilmedVehicle(name, "car", "drives", offences, TIMES, boxes)


def violation(rule: str, at_s: float, left: float) -> FoundViolation:
    times = np.array([at_s - 0.5, at_s])
    boxes = np.stack(
        [left + 0 * times, 10 * times + 4, left + 38 + 0 * times, 10 * times + 42], axis=1
    )
    return FoundViolation(rule, at_s, "car", 1.0, times, boxes)


def film(*vehicles: FilmedVehicle) -> RuleFilm:
    rules = ("red_light", "wrong_way")
    return RuleFilm("f", "day", Path("f.mp4"), box_revision(), STARTED_AT, rules, vehicles)


RAN = Offence("red_light", 4.0, 6.0, marginal=False)


def test_a_violation_is_right_for_the_vehicle_at_its_boxes_and_no_other() -> None:
    there = film(vehicle("ran", 100.0, RAN), vehicle("lawful", 300.0))
    right = compared(there, [violation("red_light", 5.0, 103.0)])
    assert right.by_rule["red_light"].summary() == {
        "offences": 1, "found": 1, "recall": 1.0, "violations": 1, "false": 0, "twice": 0,
        "marginal_found": 0, "precision": 1.0,
    }  # fmt: skip
    assert right.by_rule["wrong_way"].summary()["recall"] is None
    assert right.faults == []
    wrong = compared(there, [violation("red_light", 5.0, 300.0)])
    assert [(f.kind, f.vehicle and f.vehicle.vehicle_id) for f in wrong.faults] == [
        ("missed", "ran"),
        ("false", "lawful"),
    ]


@pytest.mark.parametrize(
    ("violations", "kinds"),
    [
        ([("red_light", 5.0, 100.0), ("red_light", 6.0, 100.0)], ["twice"]),
        ([("wrong_way", 5.0, 100.0)], ["missed", "false"]),
        ([("red_light", 9.7, 100.0)], ["missed", "false"]),
        ([("red_light", 5.0, 600.0)], ["missed", "false"]),
        ([], ["missed"]),
    ],
    ids=["a second time", "another rule", "another moment", "no vehicle there", "nothing"],
)
def test_everything_else_is_a_fault(
    violations: list[tuple[str, float, float]], kinds: list[str]
) -> None:
    figures = compared(film(vehicle("ran", 100.0, RAN)), [violation(*each) for each in violations])
    assert [fault.kind for fault in figures.faults] == kinds


def test_of_a_marginal_offence_neither_is_a_fault() -> None:
    slight = film(vehicle("slight", 100.0, Offence("red_light", 4.0, 6.0, marginal=True)))
    assert compared(slight, []).faults == []
    assert compared(slight, [violation("red_light", 5.0, 100.0)]).faults == []


def boxes_of(car: BoxCar) -> tuple[tuple[float, tuple[float, float, float, float]], ...]:
    boxes = []
    for time_s in np.arange(0.0, 14.0, 0.2):
        y_m = car.y_m(float(time_s))
        if not 15.0 < y_m < 60.0:
            continue
        corners = [
            (car.x_m + dx, y_m + dy, z) for dx in (-0.9, 0.9) for dy in (0.0, 4.0) for z in (0, 1.3)
        ]
        pixels = project(corners)
        (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
        boxes.append((float(time_s), (float(left), float(top), float(right), float(bottom))))
    return tuple(boxes)


@pytest.mark.slow
def test_the_command_watches_each_film_and_counts_what_it_finds(
    tmp_path: Path, box_video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """83 km/h where 60 are allowed is found; a lawful car that the truth accuses is missed."""
    folder = tmp_path / "street"
    folder.mkdir()
    shutil.copy(box_video, folder / "film.mp4")
    (folder / "camera.json").write_text(box_revision().model_dump_json(), "utf-8")
    vehicles = [
        TrueVehicle(
            f"v{number}", "car", "drives",
            tuple(
                BrokenRule("speeding", car.exits_at_s - 2.0, car.exits_at_s)
                for _ in range(car.speed_kmh > 60.0 or number == 0)
            ),
            boxes_of(car),
        )
        for number, car in enumerate(CARS)
    ]  # fmt: skip
    first = format_utc(STARTED_AT + timedelta(0))
    write_rules(
        folder / "rules.json", film="street", variant="day", first_frame_at=first,
        rules=["speeding"], vehicles=vehicles,
    )  # fmt: skip
    out, sheet = tmp_path / "violations.jsonl", tmp_path / "faults.png"
    cli(["evaluate-rules", str(tmp_path), "--out", str(out), "--sheet", str(sheet)])
    report = json.loads(capsys.readouterr().out)
    row = report["all"]["speeding"]
    assert (row["offences"], row["found"], row["false"]) == (3, 2, 0)
    assert [fault["vehicle_id"] for fault in report["films"]["street"]["faults"]] == ["v0"]
    assert report["variants"]["day"]["speeding"] == row
    found = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [each["rule"] for each in found] == ["speeding", "speeding"]
    assert sheet.stat().st_size > 10_000


def test_a_folder_without_films_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as refused:
        cli(["evaluate-rules", str(tmp_path)])
    assert refused.value.code == 2
