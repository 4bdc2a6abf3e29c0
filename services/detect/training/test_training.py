"""Resuming, assignment and export of the detector's training, on small pictures made here.

python -m pytest services/detect/training (in the environment of the training)
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from export import quantise, write
from losses import detection_loss
from network import Detector, cells_of
from samples import Samples
from teacher_labels import fused
from train import main
from truths import IGNORED, MOTORCYCLE, TEACHER_ALONE, VEHICLE, completed


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A cache of six pictures, labelled, and seen by a teacher that finds one box in each."""
    rng = np.random.default_rng(4)
    rows, seen = [], {"manifest": np.array("made")}
    labels = tmp_path / "data" / "labels"
    labels.mkdir(parents=True)
    with (tmp_path / "pictures.bin").open("wb") as out:
        for i, group in enumerate(("sgn", "atl", "man", "top", "clip", "frame")):
            name = f"{group}_{i}.jpg"
            (labels / f"{i}.txt").write_text("0 0.5 0.5 0.3 0.2\n3 0.2 0.2 0.1 0.1\n")
            rows.append({"name": name, "source": group, "group": group, "offset": out.tell(),
                         "height": 96, "width": 128, "label": f"labels/{i}.txt"})  # fmt: skip
            out.write(rng.integers(0, 255, (96, 128, 3), np.uint8).tobytes())
            seen[name] = np.array([[0.6, 0.6, 0.8, 0.9, 0.8, 0]], np.float32)
    (tmp_path / "pictures.json").write_text(json.dumps({"sha256": "made", "pictures": rows}))
    np.savez(tmp_path / "teacher.npz", allow_pickle=False, **seen)
    torch.manual_seed(1)
    torch.save({"averaged": Detector().state_dict()}, tmp_path / "begin.pt")
    return tmp_path


def trained(work: Path, run: str, *more: str) -> dict[str, torch.Tensor]:
    main(["--data", str(work / "data"), "--work", str(work), "--run", str(work / run),
          "--steps", "4", "--front-steps", "0", "--batch", "2", "--threads", "1",
          "--partly-labelled", "--begin", str(work / "begin.pt"), *more])  # fmt: skip
    state = torch.load(work / run / "checkpoint.pt", weights_only=True)
    return {**state["weights"], **{f"averaged.{k}": v for k, v in state["averaged"].items()}}


def test_a_resumed_run_ends_with_the_weights_of_one_never_stopped(work: Path) -> None:
    whole = trained(work, "whole")
    trained(work, "parts", "--stop-at", "1")
    trained(work, "parts", "--stop-at", "3")
    parts = trained(work, "parts")
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[k], parts[k]) for k in whole)


def test_a_batch_follows_from_its_number(work: Path) -> None:
    samples = Samples(work / "data", work, seed=5, batch=3)
    ahead = samples.following(7)
    for number in (7, 8):
        images, truths = next(ahead)
        again, same = Samples(work / "data", work, seed=5, batch=3).numbered(number)
        assert np.array_equal(images, again)
        assert all(np.array_equal(a, b) for a, b in zip(truths, same, strict=True))
        for rows in truths:
            assert (rows[:, 1:5] >= 0).all()
            assert (rows[:, [1, 3]] <= images.shape[2]).all()
            assert (rows[:, [2, 4]] <= images.shape[1]).all()


def test_the_teacher_adds_what_labels_leave_out() -> None:
    labels = np.array([[3, 0.1, 0.1, 0.2, 0.3, 1]], np.float32)
    seen = np.array(
        [
            [0.11, 0.1, 0.2, 0.29, 0.9, 0],  # the labelled motorcycle again
            [0.12, 0.1, 0.19, 0.2, 0.9, 1],  # its rider
            [0.5, 0.5, 0.7, 0.7, 0.8, 0],  # a vehicle left out
            [0.8, 0.8, 0.9, 0.9, 0.3, 0],  # a doubtful one
            [0.3, 0.8, 0.35, 0.9, 0.9, 2],  # a two-wheeler that the labels left out
            [0.4, 0.8, 0.45, 0.9, 0.1, 0],  # too unsure to matter
        ],
        np.float32,
    )
    rows = completed(labels, seen, "sgn")
    assert rows[:, 0].tolist() == [MOTORCYCLE, VEHICLE, IGNORED, IGNORED]
    alone = completed(labels[:0], seen[2:], "clip")
    assert alone[:, 0].tolist() == [TEACHER_ALONE, VEHICLE, IGNORED, IGNORED, IGNORED]


def test_views_of_one_vehicle_become_one_box() -> None:
    box = np.array([[0.1, 0.1, 0.3, 0.3, 0.6, 0]], np.float32)
    far = np.array([[0.8, 0.8, 0.82, 0.82, 0.9, 0]], np.float32)
    rows = fused([box, box], [far, box[:0]])
    assert np.allclose(rows[rows[:, 0] < 0.5], box)
    assert rows[rows[:, 0] > 0.5][0, 4] == pytest.approx(0.81)


def raw_of(box: tuple[float, ...], kind: int, height: int, width: int) -> torch.Tensor:
    """An answer that is sure of one box in every cell whose centre it holds."""
    corners, strides = cells_of(height, width)
    x1, y1, x2, y2 = box
    raw = torch.full((1, len(corners), 11), -9.0)
    raw[0, :, 0] = ((x1 + x2) / 2 - corners[:, 0]) / strides[:, 0]
    raw[0, :, 1] = ((y1 + y2) / 2 - corners[:, 1]) / strides[:, 0]
    raw[0, :, 2] = torch.log((x2 - x1) / strides[:, 0])
    raw[0, :, 3] = torch.log((y2 - y1) / strides[:, 0])
    at = (corners - torch.tensor([(x1 + x2) / 2, (y1 + y2) / 2])).abs().amax(1) < 1.5 * strides[
        :, 0
    ]
    raw[0, at, 4] = raw[0, at, 5 + kind] = 9.0
    return raw


def test_the_loss_knows_right_from_wrong_and_from_unknown() -> None:
    box = (32.0, 32.0, 72.0, 64.0)

    def loss(kind: int, *truths: list[float]) -> dict[str, float]:
        raw = raw_of(box, kind, 96, 128)
        rows = torch.tensor([[*t] for t in truths]).reshape(-1, 6)
        return {k: float(v) for k, v in detection_loss(raw, [rows], 96, 128).items()}

    car, bus = [0, *box, 1.0], [1, *box, 1.0]
    assert loss(0, car)["box"] < 0.01
    assert loss(0, car)["known"] < 0.01
    assert loss(0, bus)["known"] > 5
    assert loss(0, [VEHICLE, *box, 1.0])["known"] < 0.01
    assert loss(3, [VEHICLE, *box, 1.0])["known"] > 5
    assert loss(0)["seen"] > 5
    assert loss(0, [IGNORED, 0, 0, 128, 96, 1.0])["seen"] == 0
    assert loss(0, [TEACHER_ALONE, 0, 0, 128, 96, 1.0])["seen"] < 0.2
    assert loss(5, [TEACHER_ALONE, 0, 0, 128, 96, 1.0])["seen"] > 5


def test_the_exported_graph_answers_as_the_trained_one(work: Path) -> None:
    weights = torch.load(work / "begin.pt", weights_only=True)["averaged"]
    write(weights, work / "d.onnx")
    detector = Detector().eval()
    detector.load_state_dict(weights)
    detector.final = True
    images = torch.randint(0, 255, (1, 3, 96, 160)).float()
    session = onnxruntime.InferenceSession(str(work / "d.onnx"))
    found = session.run(None, {"images": images.numpy()})[0]
    with torch.no_grad():
        assert np.abs(found - detector(images).numpy()).max() < 1e-3
    quantise(work / "d.onnx", work / "q.onnx", work, count=4)
    small = onnxruntime.InferenceSession(str(work / "q.onnx"))
    assert small.run(None, {"images": images.numpy()})[0].shape == found.shape
