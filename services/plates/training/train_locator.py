"""Train the plate locator and export it.

    python train_locator.py --data DATA --fonts FONT... --out OUT [--minutes 15]

DATA is the folder that holds `plates/` and `vehicles/`. Runs on CPU or CUDA.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from drawn_art import art_plates
from locator_network import SIZE_UNIT_PX, STRIDE, LocatorNetwork
from locator_samples import SIDE_PX, LocatorSamples, load_backgrounds, load_photos
from picture_files import read_grey
from plate_drawing import Glyphs
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

CELLS = SIDE_PX // STRIDE


def targets_of(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Heat (CELLS, CELLS), regression (4, CELLS, CELLS) and its weight (CELLS, CELLS).

    The heat is CenterNet's Gaussian (Zhou et al., 2019), here stretched with the plate.
    """
    heat = np.zeros((CELLS, CELLS), np.float32)
    target = np.zeros((4, CELLS, CELLS), np.float32)
    weight = np.zeros((CELLS, CELLS), np.float32)
    ys, xs = np.mgrid[0:CELLS, 0:CELLS].astype(np.float32)
    for x1, y1, x2, y2 in boxes / STRIDE:
        w, h, cx, cy = x2 - x1, y2 - y1, (x1 + x2) / 2 - 0.5, (y1 + y2) / 2 - 0.5
        bell = np.exp(-(((xs - cx) / max(w * 0.16, 0.45)) ** 2
                        + ((ys - cy) / max(h * 0.22, 0.45)) ** 2) / 2)  # fmt: skip
        ix = int(np.clip(round(cx), 0, CELLS - 1))
        iy = int(np.clip(round(cy), 0, CELLS - 1))
        bell /= max(bell[iy, ix], 1e-6)
        heat = np.maximum(heat, np.minimum(bell, 1))
        heat[iy, ix] = 1
        take = (bell > 0.35) & (bell > weight)
        values = (cx - xs, cy - ys, np.full_like(xs, np.log(w * STRIDE / SIZE_UNIT_PX)),
                  np.full_like(xs, np.log(h * STRIDE / SIZE_UNIT_PX)))  # fmt: skip
        for channel, value in enumerate(values):
            target[channel][take] = value[take]
        weight[take] = bell[take]
    return heat, target, np.minimum(weight, 1)


class Stream(IterableDataset):
    """Samples with the targets of every cell."""

    def __init__(self, samples: LocatorSamples) -> None:
        self.samples = samples

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        info = get_worker_info()
        self.samples.rng = np.random.default_rng(1000 + (info.id if info else 0))
        cv2.setNumThreads(0)
        while True:
            image, boxes = self.samples.sample()
            yield (torch.from_numpy(np.ascontiguousarray(image))[None], *targets_of(boxes))


def loss_of(out: Tensor, heat: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Focal loss of the heat (CenterNet, alpha 2, beta 4) and GIoU + L1 of the boxes."""
    p = out[:, 0].sigmoid().clamp(1e-4, 1 - 1e-4)
    peak = heat >= 1
    number = peak.sum().clamp(min=1)
    positive = -((1 - p) ** 2) * p.log() * peak
    negative = -((1 - heat) ** 4) * p**2 * (1 - p).log() * ~peak
    focal = (positive.sum() + negative.sum()) / number
    total = weight.sum().clamp(min=1)
    l1 = ((out[:, 1:] - target).abs().sum(1) * weight).sum() / total
    size = target[:, 2:].exp() * SIZE_UNIT_PX
    guess = out[:, 3:].clamp(-3, 5).exp() * SIZE_UNIT_PX
    here, there = out[:, 1:3] * STRIDE, target[:, :2] * STRIDE
    low = torch.maximum(here - guess / 2, there - size / 2)
    high = torch.minimum(here + guess / 2, there + size / 2)
    shared = (high - low).clamp(min=0).prod(1)
    union = guess.prod(1) + size.prod(1) - shared
    overlap = ((1 - shared / union) * weight).sum() / total
    return focal + 0.2 * l1 + 2 * overlap


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fonts", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--init", type=Path)
    options = parser.parse_args()
    torch.manual_seed(7)
    torch.set_num_threads(options.threads)
    plates = options.data / "plates"
    photos = load_photos(plates, "train")
    real = [read_grey(f) for f in sorted((plates / "crops/train").glob("ro*.jpg"))[::2]]
    samples = LocatorSamples(
        photos, load_backgrounds(options.data / "vehicles", 250),
        load_backgrounds(options.data / "vehicles", 350, ("nep_", "tid_", "oim_")), real,
        Glyphs(plates / "templates", options.fonts), [p.grey for p in art_plates(300, seed=3)], 7,
    )  # fmt: skip
    loader = DataLoader(Stream(samples), options.batch, num_workers=options.workers)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = LocatorNetwork().to(device, memory_format=torch.channels_last)
    if options.init:
        network.load_state_dict(torch.load(options.init, map_location=device))
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=1e-4)
    start, mean = time.monotonic(), 0.0
    for step, (image, heat, target, weight) in enumerate(loader, 1):
        done = (time.monotonic() - start) / 60 / options.minutes
        if done >= 1:
            break
        warm = min(1.0, step / 100)
        for group in optimiser.param_groups:
            group["lr"] = options.rate * warm * (0.02 + 0.49 * (1 + np.cos(np.pi * done)))
        image = image.to(device).float().div(255).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            out = network(image)
        loss = loss_of(out.float(), heat.to(device), target.to(device), weight.to(device))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        mean = loss.item() if step == 1 else 0.98 * mean + 0.02 * loss.item()
        if step % 100 == 0:
            print(f"step {step} done {done:.2f} loss {mean:.3f}", flush=True)
            torch.save(network.state_dict(), options.out.with_suffix(".pt"))
    torch.save(network.state_dict(), options.out.with_suffix(".pt"))
    export(network.cpu().eval(), options.out)


def export(network: LocatorNetwork, path: Path) -> None:
    """Write ONNX with dynamic batch, height and width."""
    torch.onnx.export(
        network, (torch.zeros(1, 1, 320, 320),), str(path), input_names=["image"],
        output_names=["cells"], opset_version=17, dynamo=False,
        dynamic_axes={"image": {0: "n", 2: "h", 3: "w"}, "cells": {0: "n", 2: "hc", 3: "wc"}},
    )  # fmt: skip


if __name__ == "__main__":
    main()
