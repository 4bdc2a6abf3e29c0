"""Train the plate reader and export it.

    python train_reader.py --data DATA --fonts FONT... --out OUT [--minutes 20]

DATA is the folder that holds `plates/`. Runs on CPU or CUDA.
"""

import argparse
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from anajar_boxes import located_crops
from drawn_art import art_plates
from locator_samples import load_backgrounds, load_photos
from plate_drawing import Glyphs
from reader_network import HEIGHT_PX, STEPS, WIDTH_PX, ReaderNetwork
from reader_samples import ReaderSamples, crops, from_photos
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from payesh.plates.adapters.onnx_reader import CLASSES

SHARES = {"roozbeh": 0.28, "anajar": 0.17, "photo": 0.2, "drawn": 0.18, "art": 0.17}


class Stream(IterableDataset):
    """Samples with the class that is known for each step, -1 where none is."""

    def __init__(self, samples: ReaderSamples, seed: int) -> None:
        self.samples, self.seed = samples, seed

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        info = get_worker_info()
        self.samples.rng = np.random.default_rng(self.seed + (info.id if info else 0))
        cv2.setNumThreads(0)
        while True:
            cut, ids, columns = self.samples.sample()
            hint = np.full(STEPS, -1, np.int64)  # -1: unknown
            if columns[0] >= 0:
                for column in [*columns, *((a + b) / 2 for a, b in pairwise(columns))]:
                    step = int(column)
                    if 0 <= step < STEPS:
                        hint[step] = 0
                for identity, column in zip(ids, columns, strict=True):
                    step = int(column)
                    if 0 <= step < STEPS:
                        hint[step] = identity
            yield torch.from_numpy(cut.copy())[None], torch.tensor(ids), torch.from_numpy(hint)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fonts", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--init", type=Path)
    parser.add_argument("--locator", type=Path, help="locates the plates inside the anajar crops")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    plates = options.data / "plates"
    photos = load_photos(plates, "train")
    anajar = crops(plates, "train", "anajar")
    real = {
        "roozbeh": crops(plates, "train", "roozbeh"),
        "anajar": located_crops(anajar, options.locator) if options.locator else anajar,
        "photo": from_photos(photos),
    }
    print({name: len(group) for name, group in real.items()}, flush=True)
    grounds = [levels[0] for levels in load_backgrounds(options.data / "vehicles", 120)]
    samples = ReaderSamples(
        real, SHARES, Glyphs(plates / "templates", options.fonts), art_plates(1800, seed=5),
        grounds, {c: i for i, c in enumerate(CLASSES)},
    )  # fmt: skip
    del photos
    loader = DataLoader(Stream(samples, options.seed), options.batch, num_workers=options.workers,
                        collate_fn=lambda rows: (torch.stack([r[0] for r in rows]),
                                                 torch.cat([r[1] for r in rows]),
                                                 torch.tensor([len(r[1]) for r in rows]),
                                                 torch.stack([r[2] for r in rows])))  # fmt: skip
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = ReaderNetwork().to(device)
    network.features.to(memory_format=torch.channels_last)
    if options.init:
        network.load_state_dict(torch.load(options.init, map_location=device))
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=1e-3)
    ctc = torch.nn.CTCLoss(zero_infinity=True)
    averaged = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    start, mean, right = time.monotonic(), 0.0, 0.0
    for step, (image, ids, lengths, hint) in enumerate(loader, 1):
        done = (time.monotonic() - start) / 60 / options.minutes
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = options.rate * min(1.0, step / 100) * (
                0.01 + 0.495 * (1 + np.cos(np.pi * done)))  # fmt: skip
        image = image.to(device).float().div(255).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            logits = network(image)
        logits = logits.float()
        steps = torch.full((len(image),), STEPS)
        loss = ctc(logits.log_softmax(2).transpose(0, 1), ids.to(device), steps, lengths)
        if not options.init and step < 600:
            # CTC alone learns only blanks for long: known places of characters shorten that.
            aligned = torch.nn.functional.cross_entropy(
                logits.transpose(1, 2), hint.to(device), ignore_index=-1)  # fmt: skip
            loss = loss * 0.2 + aligned if step < 300 else loss + aligned * (1 - step / 600)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 3.0)
        optimiser.step()
        averaged.update_parameters(network)
        mean = loss.item() if step == 1 else 0.98 * mean + 0.02 * loss.item()
        right = 0.95 * right + 0.05 * _share_right(logits, ids, lengths) if step % 5 == 0 else right
        if step % 100 == 0:
            print(f"step {step} done {done:.2f} loss {mean:.3f} right {right:.3f}", flush=True)
            torch.save(averaged.module.state_dict(), options.out.with_suffix(".pt"))
    torch.save(averaged.module.state_dict(), options.out.with_suffix(".pt"))
    export(averaged.module.cpu().eval(), options.out)


def _share_right(logits: Tensor, ids: Tensor, lengths: Tensor) -> float:
    right, at = 0, 0
    for row, length in zip(logits.argmax(2).cpu().numpy(), lengths.tolist(), strict=True):
        kept = row[(row > 0) & np.concatenate([[True], row[1:] != row[:-1]])]
        right += np.array_equal(kept, ids[at : at + length].numpy())
        at += length
    return right / len(lengths)


def export(network: ReaderNetwork, path: Path) -> None:
    """Write ONNX with a dynamic batch."""
    torch.onnx.export(
        network, (torch.zeros(2, 1, HEIGHT_PX, WIDTH_PX),), str(path), input_names=["plate"],
        output_names=["logits"], opset_version=17, dynamo=False,
        dynamic_axes={"plate": {0: "n"}, "logits": {0: "n"}},
    )  # fmt: skip


if __name__ == "__main__":
    main()
