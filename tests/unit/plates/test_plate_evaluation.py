"""The commands that measure locator and reader, over drawn plates."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from payesh.local.street.plate_art import draw_plate
from payesh.plates.main import cli

TEXTS = ("12ب34567", "45ص67823", "88د21911")


def write_photograph(path: Path, text: str) -> None:
    """A plate 200 px wide at (300, 260) of a plain picture of 800 by 600."""
    drawn = cv2.cvtColor(draw_plate(text, height_px=110), cv2.COLOR_RGB2BGR)
    plate = cv2.resize(drawn, (200, 42), interpolation=cv2.INTER_AREA)
    scene = np.full((600, 800, 3), 120, np.uint8)
    cv2.rectangle(scene, (200, 100), (600, 400), (60, 40, 30), -1)
    scene[260:302, 300:500] = plate
    cv2.imwrite(str(path), scene)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photographs `a_0`, `a_1` (one vehicle) and `b_0`, with crops of their plates."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "crops").mkdir()
    for name, text in zip(("a_0", "a_1", "b_0"), (TEXTS[0], TEXTS[0], TEXTS[1]), strict=True):
        write_photograph(tmp_path / "photos" / f"{name}.jpg", text)
        picture = np.asarray(cv2.imread(str(tmp_path / "photos" / f"{name}.jpg")), np.uint8)
        cv2.imwrite(str(tmp_path / "crops" / f"{name}.png"), picture[255:307, 295:505])
    return tmp_path


def labelled(folder: Path, last: str) -> Path:
    path = folder / "labels.tsv"
    rows = [f"crops/a_0.png\t{TEXTS[0]}\tx", f"a_1.png\t{TEXTS[0]}\tx", f"crops/b_0.png\t{last}\ty"]
    path.write_text("\n".join(["file\ttext\tsource", *rows]) + "\n", "utf-8")
    return path


def test_crops_are_compared_with_their_texts_in_any_spelling(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli(["evaluate-crops", str(labelled(folder, "۴۵ ص ۶۷۸ ۲۳"))])
    report = json.loads(capsys.readouterr().out)
    assert report["all"]["plates"] == 3
    assert report["all"]["exact"] == 1.0
    assert report["by_letter"]["ص"] == {"plates": 1, "exact": 1.0}
    assert report["confusions"] == []


def test_a_misread_crop_is_counted_and_shown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = folder / "missed.png"
    cli(["evaluate-crops", str(labelled(folder, "45س67823")), "--sheet", str(sheet)])
    report = json.loads(capsys.readouterr().out)
    assert report["by_source"]["x"]["exact"] == 1.0
    assert report["by_source"]["y"]["exact"] == 0.0
    assert report["by_source"]["y"]["accepted_wrong"] == 1
    assert report["confusions"] == [{"label": "س", "read": "ص", "times": 1}]
    assert cv2.imread(str(sheet)) is not None


def test_crops_without_texts_are_written_and_crops_of_a_vehicle_read_as_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / "read.tsv"
    (folder / "crops" / "a_1.png").write_bytes(b"no picture")
    cli(["evaluate-crops", str(folder / "crops"), "--out", str(out)])
    alone = [line.split("\t") for line in out.read_text("utf-8").splitlines()]
    assert alone[0] == ["file", "text", "confidence", "accepted"]
    assert [row[:2] for row in alone[1:]] == [
        ["a_0.png", TEXTS[0]], ["a_1.png", ""], ["b_0.png", TEXTS[1]],
    ]  # fmt: skip
    cli(["evaluate-crops", str(folder / "crops"), "--out", str(out), "--group"])
    grouped = [line.split("\t")[1] for line in out.read_text("utf-8").splitlines()[1:]]
    assert grouped == [TEXTS[0], TEXTS[0], TEXTS[1]]
    assert json.loads(capsys.readouterr().out.split("}\n{")[0] + "}")["crops"] == 3


def test_photographs_are_read_end_to_end_and_a_plate_without_a_label_is_false(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = [0.5, 281 / 600, 0.25, 42 / 600]
    rows = [
        {"file": "a_0.jpg", "scene": "day", "plates": [{"box_xywh_norm": box, "text": TEXTS[0]}]},
        {"file": "photos/b_0.jpg", "scene": "night", "plates": []},
    ]
    path = folder / "photos.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    out = folder / "read.jsonl"
    cli(["evaluate-photos", str(path), "--out", str(out)])
    report = json.loads(capsys.readouterr().out)
    assert report["scenes"]["day"]["found"] == 1.0
    assert report["scenes"]["night"]["accepted_on_no_plate"] == 1
    assert report["all"]["exact"] == 1.0
    written = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert written[0]["plates"][0]["text"] == TEXTS[0]
    assert written[0]["plates"][0]["accepted"] is True
    assert written[0]["plates"][0]["box_xywh_norm"] == pytest.approx(box, abs=0.02)


@pytest.mark.parametrize(
    ("command", "content", "told"),
    [
        ("evaluate-crops", "name\ttext\n", "no column `file`"),
        ("evaluate-crops", "file\ttext\n", "names no file"),
        ("evaluate-crops", "file\ttext\nlost.jpg\t1\n", "lost.jpg is not beside the list"),
        ("evaluate-crops", "file\ncrops/a_0.png\n", "with --out none is needed"),
        ("evaluate-photos", "{}\n", ":1 is no photograph"),
        ("evaluate-photos", '{"file": "a_0.jpg"}\n', "with --out none are needed"),
        (
            "evaluate-photos",
            '{"file": "a_0.jpg", "plates": [{"box_xywh_norm": [1]}]}',
            "box_xywh_norm is not four numbers",
        ),
    ],
)
def test_an_unsuitable_list_is_refused_with_the_place(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str, content: str, told: str
) -> None:
    path = folder / "list"
    path.write_text(content, "utf-8")
    with pytest.raises(SystemExit) as ended:
        cli([command, str(path)])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
