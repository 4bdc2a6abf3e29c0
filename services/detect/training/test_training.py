"""Resuming, assignment and export of the detector's training, on small pictures made here.

python -m pytest services/detect/training (in the environment of the training)
"""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import torch
from export import LOWERED, quantise, write
from losses import detection_loss
from network import Detector, cells_of
from pictures import load, pixels
from samples import Samples
from teacher_labels import fused
from train import Plan, Training, main, rate_of
from truths import IGNORED, MOTORCYCLE, NONE, TEACHER_ALONE, VEHICLE, both, completed


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A cache of six pictures, labelled, and seen by a teacher that finds one box in each."""
    rng = np.random.default_rng(4)
    rows, seen = [], {"manifest": np.array("made")}
    labels = "0 0.5 0.5 0.3 0.2\n3 0.2 0.2 0.1 0.1\n"
    packs = [b"", b""]
    for i, group in enumerate(("sgn", "atl", "man", "top", "clip", "frame")):
        name = f"{group}_{i}.jpg"
        image = rng.integers(0, 255, (96, 128, 3), np.uint8)
        packed = cv2.imencode(".webp", image)[1].tobytes()
        rows.append({"name": name, "source": group, "group": group, "labels": labels,
                     "part": i % 2, "at": len(packs[i % 2]), "length": len(packed),
                     "height": 96, "width": 128,
                     "sha256": hashlib.sha256(packed).hexdigest()})  # fmt: skip
        packs[i % 2] += packed
        seen[name] = np.array([[0.6, 0.6, 0.8, 0.9, 0.8, 0]], np.float32)
    for part, content in enumerate(packs):
        (tmp_path / f"pictures.{part}.pack").write_bytes(content)
    (tmp_path / "pictures.json").write_text(json.dumps({"sha256": "made", "pictures": rows}))
    np.savez(tmp_path / "teacher.npz", allow_pickle=False, **seen)
    torch.manual_seed(1)
    torch.save({"averaged": Detector().state_dict()}, tmp_path / "begin.pt")
    return tmp_path


def trained(work: Path, run: str, *more: str) -> dict[str, torch.Tensor]:
    main(["--data", str(work / "data"), "--work", str(work), "--run", str(work / run),
          "--steps", "4", "--front-steps", "0", "--batch", "2", "--threads", "1",
          "--partly-labelled", "--averaged", str(work / "averaged.pt"),
          "--begin", str(work / "begin.pt"), *more])  # fmt: skip
    state = torch.load(work / run / "checkpoint.pt", weights_only=True)
    return {**state["weights"], **{f"averaged.{k}": v for k, v in state["averaged"].items()}}


def test_a_resumed_run_ends_with_the_weights_of_one_never_stopped(work: Path) -> None:
    whole = trained(work, "whole")
    trained(work, "parts", "--stop-at", "1")
    trained(work, "parts", "--stop-at", "3")
    parts = trained(work, "parts")
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[k], parts[k]) for k in whole)
    alone = torch.load(work / "averaged.pt", weights_only=True)["averaged"]
    assert all(torch.equal(alone[k], parts[f"averaged.{k}"]) for k in alone)


def test_a_batch_follows_from_its_number(work: Path) -> None:
    samples = Samples(work, seed=5, batch=3)
    for processes in (0, 2):
        ahead = samples.following(7, processes)
        for number in (7, 8):
            images, truths = next(ahead)
            again, same = Samples(work, seed=5, batch=3)[number]
            assert torch.equal(images, again)
            assert torch.equal(truths, same)
            assert (truths[..., 1:5] >= 0).all()
            assert (truths[..., [1, 3]] <= images.shape[2]).all()
            assert (truths[..., [2, 4]] <= images.shape[1]).all()
    assert not torch.equal(samples[7][0], samples[8][0])


def test_a_run_begins_with_the_pictures_that_have_come(work: Path) -> None:
    whole, memory, manifest = load(work)
    (work / "pictures.1.pack").unlink()
    first, part, same = load(work)
    assert same == manifest
    assert [p.name for p in first] == [p.name for p in whole[::2]]
    assert np.array_equal(pixels(first[1], part), pixels(whole[2], memory))
    (work / "pictures.0.pack").write_bytes((work / "pictures.0.pack").read_bytes()[::-1])
    with pytest.raises(ValueError, match="manifest"):
        load(work, work / "elsewhere")


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


def test_a_trained_detector_names_what_the_teacher_only_doubts() -> None:
    bike = [0.1, 0.1, 0.3, 0.3]
    teacher = np.array([[*bike, 0.2, 2], [0.5, 0.5, 0.7, 0.7, 0.4, 0]], np.float32)
    own = np.array(
        [[*bike, 0.8, 3], [0.5, 0.5, 0.7, 0.7, 0.6, 0], [0.8, 0.8, 0.9, 0.9, 0.7, 0]], np.float32
    )
    rows = both(teacher, own)
    assert rows[:, 5].tolist() == [3, 0, 0]
    assert np.allclose(rows[:, 4], [0.8, 0.6, 0.7])
    alone = completed(np.zeros((0, 6), np.float32), rows, "clip")
    assert alone[:, 0].tolist() == [TEACHER_ALONE, MOTORCYCLE, VEHICLE, VEHICLE]
    # Where others labelled, a two-wheeler that they left out is no truth.
    labelled = completed(np.zeros((0, 6), np.float32), rows, "man")
    assert labelled[:, 0].tolist() == [IGNORED, VEHICLE, VEHICLE]
    assert np.array_equal(both(teacher[:0], own), own)


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
        rows = torch.tensor([*truths, [NONE, 0.0, 0.0, 0.0, 0.0, 0.0]])
        return {k: float(v) for k, v in detection_loss(raw, rows[None], 96, 128).items()}

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


def test_the_loss_of_a_batch_needs_no_order_and_no_fill() -> None:
    rng = np.random.default_rng(2)
    raw = torch.from_numpy(rng.normal(0, 1, (2, len(cells_of(96, 128)[0]), 11))).float()
    low = rng.uniform(0, 80, (2, 9, 2))
    kinds = np.array([[0, 3, 5, IGNORED, VEHICLE, TEACHER_ALONE, 1, 3, 3]] * 2)[..., None]
    rows = np.concatenate([kinds, low, low + rng.uniform(6, 40, (2, 9, 2)), kinds * 0 + 0.8], 2)
    truths = torch.from_numpy(rows).float()
    fill = torch.zeros(2, 3, 6)
    fill[..., 0] = NONE
    loss = detection_loss(raw, truths, 96, 128)
    other = torch.cat([fill, truths.flip(1), fill], 1)
    turned = detection_loss(raw.flip(0), other.flip(0), 96, 128)
    counted = detection_loss(raw, torch.cat([truths, fill], 1), 96, 128, [9, 9])
    for name, value in loss.items():
        assert float(turned[name]) == pytest.approx(float(value), rel=1e-5)
        assert float(counted[name]) == pytest.approx(float(value), rel=1e-5)
    fewer = torch.cat([truths[:1], torch.where(truths[1:, :, :1] == 3, NONE, truths[1:])])
    assert float(detection_loss(raw, fewer, 96, 128)["known"]) != float(loss["known"])


def test_a_step_whose_gradient_is_not_finite_is_passed_over(work: Path) -> None:
    plan = Plan(4, 0.0, 0, 1e-3, 1, 1e-3, 0.2, 1)
    training = Training(plan, Detector(), "made", torch.device("cpu"))
    images = torch.full((1, 96, 128, 3), 90, dtype=torch.uint8)
    before = {k: v.clone() for k, v in training.detector.state_dict().items()}
    for weight, same in ((torch.nan, True), (1.0, False)):
        truths = torch.tensor([[[0, 20, 20, 70, 60, weight]]])
        training.advance(images, truths, None)
        after = training.detector.state_dict()
        assert all(torch.equal(before[k], after[k]) for k in before) == same


def test_the_rate_falls_to_its_end_when_the_time_is_up() -> None:
    timed = Plan(1 << 40, 100.0, 0, 6e-3, 8, 1e-3, 0.5, 1)
    counted = Plan(1000, 0.0, 0, 6e-3, 8, 1e-3, 0.5, 1)
    for share in (0.3, 0.6, 0.75, 1.0):
        rate = rate_of(10**6, 100 * share, timed)
        assert rate == pytest.approx(1e-3 * min(1, 0.01 + (1 - share) / 0.5))
        assert rate == pytest.approx(rate_of(round(1000 * share), 0.0, counted))
    assert rate_of(0, 0.0, timed) == pytest.approx(1e-3 / 150)


def test_the_exported_graph_answers_as_the_trained_one(work: Path) -> None:
    weights = torch.load(work / "begin.pt", weights_only=True)["averaged"]
    write(weights, work / "d.onnx", lowered=0.0)
    detector = Detector().eval()
    detector.load_state_dict(weights)
    detector.final = True
    images = torch.randint(0, 255, (1, 3, 96, 160)).float()
    session = onnxruntime.InferenceSession(str(work / "d.onnx"))
    found = session.run(None, {"images": images.numpy()})[0]
    with torch.no_grad():
        assert np.abs(found - detector(images).numpy()).max() < 1e-3
    write(weights, work / "lower.onnx")
    session = onnxruntime.InferenceSession(str(work / "lower.onnx"))
    lower = session.run(None, {"images": images.numpy()})[0]
    odds = found[..., 4] / (1 - found[..., 4]) * np.exp(-LOWERED)
    assert np.abs(lower[..., 4] - odds / (1 + odds)).max() < 1e-3
    assert np.abs(lower[..., 5:] - found[..., 5:]).max() < 1e-5
    quantise(work / "d.onnx", work / "q.onnx", work, count=4)
    small = onnxruntime.InferenceSession(str(work / "q.onnx"))
    assert small.run(None, {"images": images.numpy()})[0].shape == found.shape
