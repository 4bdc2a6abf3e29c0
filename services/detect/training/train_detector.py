"""Train YOLOX-nano further on road pictures and export it.

    python train_detector.py --data DATA --out OUT [--minutes 15] [--teacher missed.npz]

DATA is the folder that holds `vehicles/` and `models/yolox_nano.onnx`.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from vehicle_samples import IGNORED, UNKNOWN, VEHICLES, VehicleSamples
from yolox_graph import CLASSES, YoloxGraph, cells_of, decode

SIDES = (320, 384, 448)


class Stream(IterableDataset):
    """Whole batches, since all pictures of a batch share a size."""

    def __init__(self, samples: VehicleSamples, batch: int) -> None:
        self.samples, self.batch = samples, batch

    def __iter__(self):
        info = get_worker_info()
        rng = self.samples.rng = np.random.default_rng(500 + (info.id if info else 0))
        cv2.setNumThreads(0)
        while True:
            side = SIDES[int(rng.integers(len(SIDES)))]
            rows = [self.samples.sample(side) for _ in range(self.batch)]
            images = np.stack([r[0] for r in rows]).transpose(0, 3, 1, 2)
            yield torch.from_numpy(images.copy()), [torch.from_numpy(r[1].copy()) for r in rows]


def pair_iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union (n, m) of corner boxes."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(2)
    area_a, area_b = (a[:, 2:] - a[:, :2]).prod(1), (b[:, 2:] - b[:, :2]).prod(1)
    return shared / (area_a[:, None] + area_b[None] - shared + 1e-6)


def vehicle_logit(logits: Tensor) -> Tensor:
    """Probability that any of the vehicle classes holds, (…,)."""
    return 1 - (1 - logits[..., list(VEHICLES)].sigmoid()).prod(-1)


@torch.no_grad()
def assign(raw: Tensor, corners: Tensor, classes: Tensor, boxes: Tensor, centres: Tensor,
           strides: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """SimOTA (Ge et al., 2021): cells taken, the truth of each, their overlap."""
    inside = (
        (centres[:, None] > boxes[None, :, :2]) & (centres[:, None] < boxes[None, :, 2:])
    ).all(2)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    near = ((centres[:, None] - middle[None]).abs() < 2.5 * strides[:, None]).all(2)
    cells = (inside | near).any(1).nonzero()[:, 0]
    if not len(cells):
        return cells, cells, corners.new_zeros(0)
    overlap = pair_iou(corners[cells], boxes)
    objectness = raw[cells, 4].sigmoid()
    known = raw[cells, 5:].sigmoid()[:, classes.clamp(max=5)]
    any_vehicle = vehicle_logit(raw[cells, 5:])[:, None].expand_as(known)
    p = (torch.where(classes[None] == UNKNOWN, any_vehicle, known) * objectness[:, None]).sqrt()
    cost = -(p + 1e-6).log() - 3 * (overlap + 1e-6).log() + 1e5 * ~(inside & near)[cells]
    matched = torch.zeros_like(cost, dtype=torch.bool)
    wanted = overlap.topk(min(10, len(cells)), 0).values.sum(0).int().clamp(min=1)
    for g, k in enumerate(wanted.tolist()):
        matched[cost[:, g].topk(min(k, len(cells)), largest=False).indices, g] = True
    twice = matched.sum(1) > 1
    if twice.any():
        best = cost[twice].argmin(1)
        matched[twice] = False
        matched[twice, best] = True
    taken = matched.any(1)
    truth = matched[taken].float().argmax(1)
    return cells[taken], truth, overlap[taken, truth]


def loss_of(raw: Tensor, truths: list[Tensor], side: int) -> Tensor:
    """YOLOX's loss; unknown classes count as any vehicle, ignored areas not at all."""
    corner, strides = cells_of(side, side)
    corner, strides = corner.to(raw), strides.to(raw)
    centres = corner + strides / 2
    boxes = decode(raw, side, side)
    boxes = torch.cat(
        [boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2], -1
    )
    total, number = raw.new_zeros(()), 0
    for row, corners, truth in zip(raw, boxes, truths, strict=True):
        truth = truth.to(raw.device)
        ignored = truth[truth[:, 0] == IGNORED, 1:]
        real = truth[truth[:, 0] != IGNORED]
        weight = torch.ones_like(row[:, 4])
        if len(ignored):
            lost = (centres[:, None] > ignored[None, :, :2]) & (
                centres[:, None] < ignored[None, :, 2:]
            )
            weight[lost.all(2).any(1)] = 0
        target = torch.zeros_like(weight)
        if len(real):
            classes = real[:, 0].long()
            cells, index, overlap = assign(row, corners, classes, real[:, 1:], centres, strides)
            if len(cells):
                target[cells], weight[cells] = 1, 1
                number += len(cells)
                goal = real[index, 1:]
                got = corners[cells]
                low, high = (
                    torch.maximum(got[:, :2], goal[:, :2]),
                    torch.minimum(got[:, 2:], goal[:, 2:]),
                )
                shared = (high - low).clamp(min=0).prod(1)
                union = (
                    (got[:, 2:] - got[:, :2]).prod(1) + (goal[:, 2:] - goal[:, :2]).prod(1) - shared
                )
                total = total + 5 * (1 - (shared / (union + 1e-6)) ** 2).sum()
                named = classes[index] != UNKNOWN
                if named.any():
                    wanted = torch.zeros(int(named.sum()), len(CLASSES), device=raw.device)
                    wanted[torch.arange(len(wanted)), classes[index][named]] = overlap[named]
                    total = total + bce(row[cells[named], 5:], wanted, reduction="sum")
                if (~named).any():
                    p = vehicle_logit(row[cells[~named], 5:]).clamp(1e-4, 1 - 1e-4)
                    total = total - (overlap[~named] * p.log()
                                     + (1 - overlap[~named]) * (1 - p).log()).sum()  # fmt: skip
        total = total + (bce(row[:, 4], target, reduction="none") * weight).sum()
    return total / max(number, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--teacher", type=Path, help="vehicles that the labels miss")
    options = parser.parse_args()
    torch.manual_seed(5)
    torch.set_num_threads(options.threads)
    extra = dict(np.load(options.teacher)) if options.teacher else {}
    samples = VehicleSamples(options.data / "vehicles", 5, extra)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = YoloxGraph(options.data / "models" / "yolox_nano.onnx").to(device)
    averaged = {k: v.detach().clone() for k, v in network.weights.items()}
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=1e-4)
    loader = DataLoader(Stream(samples, options.batch), None, num_workers=1)
    start, mean = time.monotonic(), 0.0
    for step, (images, truths) in enumerate(loader, 1):
        done = (time.monotonic() - start) / 60 / options.minutes
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = options.rate * min(1.0, step / 60) * (
                0.02 + 0.49 * (1 + np.cos(np.pi * done)))  # fmt: skip
        images = images.to(device).float()
        loss = loss_of(network(images), truths, images.shape[2])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
        optimiser.step()
        decay = min(0.99, step / (step + 10))
        for name, value in network.weights.items():
            averaged[name].lerp_(value.detach(), 1 - decay)
        mean = loss.item() if step == 1 else 0.97 * mean + 0.03 * loss.item()
        if step % 50 == 0:
            print(f"step {step} done {done:.2f} loss {mean:.3f}", flush=True)
    with torch.no_grad():
        for name, value in network.weights.items():
            value.copy_(averaged[name])
    network.cpu().export(options.out)


if __name__ == "__main__":
    main()
