"""Train a plate reader.

    python train_reader.py --sources SOURCES.zip --fonts FONT... --out OUT.pt --seconds 540
           [--network reader|second] [--templates DATA/plates/templates] [--workers 3] [--seed 11]

SOURCES.zip is written by `pack_sources.py`. Runs on CPU or CUDA. Worker processes make batches from
the seed and the batch's number; the last of them stay in a pool from which every step draws, with
new effects of the camera, so that the processor never waits for the workers. The averaged weights
are saved every minute.
"""

import argparse
import queue
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from camera_effects import seen_by_camera
from plate_drawing import Glyphs
from reader_network import HEIGHT_PX, STEPS, WIDTH_PX, ReaderNetwork
from reader_samples import ReaderSamples, Shares
from second_network import SecondNetwork
from sources import load_sources
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from payesh.plates.adapters.onnx_reader import CLASSES

NETWORKS: dict[str, Any] = {"reader": ReaderNetwork, "second": SecondNetwork}
_MOST_REUSED = 6
"""Steps on the pool before the next batch must have come."""
_ALIGNED_SHARE = 0.06
"""Share of the time in which known places help: CTC alone learns only blanks for long."""


class Batches(Dataset):
    """Batch `number` of the stream of a seed."""

    def __init__(self, samples: ReaderSamples, seed: int, size: int) -> None:
        self._samples, self._seed, self._size = samples, seed, size

    def __len__(self) -> int:
        return 10_000_000

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        cv2.setNumThreads(0)
        pictures, ids, hints = self._samples.batch(self._seed, number, self._size)
        return torch.from_numpy(pictures), torch.from_numpy(ids), torch.from_numpy(hints)


class Pool:
    """The last samples on the device, oldest replaced first."""

    def __init__(self, size: int, device: torch.device) -> None:
        shape = (size, 1, HEIGHT_PX, WIDTH_PX)
        self._pictures = torch.zeros(shape, dtype=torch.uint8, device=device)
        self._ids = torch.zeros((size, 8), dtype=torch.int16, device=device)
        self._hints = torch.zeros((size, STEPS), dtype=torch.int16, device=device)
        self.added, self._size = 0, size

    def add(self, pictures: Tensor, ids: Tensor, hints: Tensor) -> None:
        at = self.added % self._size
        rows = slice(at, at + len(pictures))
        self._pictures[rows, 0] = pictures.to(self._pictures.device, non_blocking=True)
        self._ids[rows] = ids.to(self._ids.device, non_blocking=True)
        self._hints[rows] = hints.to(self._hints.device, non_blocking=True)
        self.added += len(pictures)

    def draw(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        rows = torch.randint(min(self.added, self._size), (count,), device=self._ids.device)
        return self._pictures[rows], self._ids[rows].long(), self._hints[rows].long()


def _fill(loader: Any, ready: "queue.Queue[Any]", stop: threading.Event) -> None:
    for batch in loader:
        while not stop.is_set():
            try:
                ready.put(batch, timeout=0.5)
                break
            except queue.Full:
                continue
        if stop.is_set():
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=Path, required=True)
    parser.add_argument("--templates", type=Path)
    parser.add_argument("--fonts", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--network", choices=sorted(NETWORKS), default="reader")
    parser.add_argument("--seconds", type=float, default=540, help="all in all, loading included")
    parser.add_argument("--since", type=float, help="when they began, seconds since 1970")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--pool", type=int, default=400, help="batches that stay in the pool")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--average", type=float, default=0.999, help="decay of averaged weights")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--strength", type=float, default=1.0, help="of the camera's effects")
    parser.add_argument("--resume", type=Path, help="a checkpoint of this program")
    options = parser.parse_args()
    begin = time.monotonic() - max(0.0, time.time() - (options.since or time.time()))
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    samples = ReaderSamples(
        load_sources(options.sources), Glyphs(options.templates, options.fonts),
        {c: i for i, c in enumerate(CLASSES)}, Shares(), options.seed,
    )  # fmt: skip
    first = 0
    saved = torch.load(options.resume, map_location="cpu") if options.resume else None
    if saved:
        first = saved["batches"]
    numbers = range(first, first + 10_000_000)
    loader = DataLoader(Batches(samples, options.seed, options.batch), batch_size=None,
                        sampler=numbers, num_workers=options.workers,
                        prefetch_factor=4 if options.workers else None)  # fmt: skip
    ready: queue.Queue[Any] = queue.Queue(4)
    stop = threading.Event()
    threading.Thread(target=_fill, args=(loader, ready, stop), daemon=True).start()
    ready_batch = ready.get(timeout=300)  # the workers are forked before the device is used
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    # TF32, not bfloat16: recurrent layers keep their range, and batches are what takes time.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    network = NETWORKS[options.network]().to(device)
    if saved:
        network.load_state_dict(saved["weights"])
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=1e-3)
    averaged = torch.optim.swa_utils.AveragedModel(
        network, use_buffers=True,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(options.average),
    )  # fmt: skip
    ctc = torch.nn.CTCLoss(zero_infinity=True)
    pool = Pool(options.pool * options.batch, device)
    pool.add(*ready_batch)
    step, reused, mean, right, done = 0, 0, 0.0, 0.0, 0.0
    start = last_saved = last_shown = time.monotonic()
    print(f"{options.network} on {device}: ready after {start - begin:.1f} s", flush=True)
    while done < 1:
        # A pool of few samples would be learnt by heart.
        while pool.added < 8 * options.batch or reused >= _MOST_REUSED or not ready.empty():
            pool.add(*ready.get(timeout=300))
            reused = 0
        step, reused = step + 1, reused + 1
        now = time.monotonic()
        done = (now - begin) / (options.seconds - 4)
        learning = (now - start) / (options.seconds - 4 - (start - begin))
        for group in optimiser.param_groups:
            group["lr"] = options.rate * min(1.0, step / 200) * (
                0.005 + 0.4975 * (1 + np.cos(np.pi * min(1.0, learning))))  # fmt: skip
        pictures, ids, hints = pool.draw(options.batch)
        logits = network(seen_by_camera(pictures, options.strength))
        lengths = torch.full((len(ids),), 8)
        steps = torch.full((len(ids),), logits.shape[1])
        loss = ctc(logits.log_softmax(2).transpose(0, 1), ids, steps, lengths)
        if not saved and learning < _ALIGNED_SHARE:
            known = hints[:, : logits.shape[1]]
            aligned = torch.nn.functional.cross_entropy(
                logits.transpose(1, 2), known, ignore_index=-1
            )
            part = learning / _ALIGNED_SHARE
            loss = loss * 0.2 + aligned if part < 0.5 else loss + aligned * (1 - part) * 2
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 3.0)
        optimiser.step()
        averaged.update_parameters(network)
        if now - last_shown >= 10 or done >= 1:
            mean, right = loss.item(), _share_right(logits, ids)
            print(f"{now - begin:.0f} s step {step} fresh {pool.added / (now - start):.0f}/s "
                  f"used {step * options.batch / (now - start):.0f}/s loss {mean:.3f} "
                  f"right {right:.3f}", flush=True)  # fmt: skip
            last_shown = now
        if now - last_saved >= 60 or done >= 1:
            _save(options.out, averaged.module, network, pool.added // options.batch + first)
            last_saved = now
    stop.set()


def _save(path: Path, averaged: torch.nn.Module, network: torch.nn.Module, batches: int) -> None:
    """Averaged weights in half precision, and a checkpoint beside them to go on from."""
    half = {k: v.half() if v.is_floating_point() else v for k, v in averaged.state_dict().items()}
    part = path.with_suffix(".part")
    torch.save(half, part)
    part.replace(path)
    torch.save({"weights": network.state_dict(), "batches": batches}, part)
    part.replace(path.with_suffix(".resume"))


def _share_right(logits: Tensor, ids: Tensor) -> float:
    right = 0
    for row, wanted in zip(logits.argmax(2).cpu().numpy(), ids.cpu().numpy(), strict=True):
        kept = row[(row > 0) & np.concatenate([[True], row[1:] != row[:-1]])]
        right += np.array_equal(kept, wanted)
    return right / len(ids)


if __name__ == "__main__":
    main()
