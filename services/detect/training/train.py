"""Train the vehicle detector, in steps that may be stopped and resumed at any time.

python train.py --data DATA --work CACHE --run RUN [--steps 20000 | --seconds 540 --device cuda]

A checkpoint is written to RUN/checkpoint.pt every minute and on SIGTERM; a run that finds one
goes on from it. The first steps teach the new front alone to answer as the teacher's first blocks.
"""

import argparse
import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from losses import detection_loss
from network import Detector
from pictures import build, pixels
from samples import Samples
from teacher_graph import TeacherGraph, begin_from, teacher_graph
from teacher_labels import label
from torch import Tensor
from truths import NONE

_SAVE_EVERY_S = 60
_SHOWN_EVERY = 25
_AVERAGE = 0.998
_TEACHER_SIZE = (864, 480)


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides the weights, beside the pictures; a resumed run may lengthen it. The rate falls
    over the last share `fall` of the steps, or of the seconds if there are any."""

    steps: int
    seconds: float
    front_steps: int
    front_rate: float
    batch: int
    rate: float
    fall: float
    seed: int


def rate_of(step: int, spent: float, plan: Plan) -> float:
    """Learning rate of a step, `spent` seconds after the first one: a warm-up, then level, then
    falling in a line."""
    front = step < plan.front_steps
    warm = min(1.0, ((step if front else step - plan.front_steps) + 1) / 150)
    if front:
        return plan.front_rate * warm * (1 - 0.9 * step / plan.front_steps)
    if plan.seconds:
        rest = max(0.0, 1 - spent / plan.seconds)
    else:
        rest = (plan.steps - step) / max(plan.steps - plan.front_steps, 1)
    return plan.rate * warm * min(1.0, 0.01 + rest / plan.fall)


def begin(data: Path, samples: Samples, detector: Detector) -> None:
    """The teacher's weights, its normalisations averaged over pictures of all groups."""
    rng = np.random.default_rng(samples.seed)
    batches = []
    for group in samples.names:
        for index in rng.choice(samples.groups[group][0], 4):
            image = pixels(samples.pictures[int(index)], samples.memory)
            shown = cv2.resize(image, _TEACHER_SIZE)
            batches.append(torch.from_numpy(shown.transpose(2, 0, 1)[None].astype(np.float32)))
    begin_from(teacher_graph(data / "models"), detector, batches)


def front_loss(detector: Detector, teacher: TeacherGraph, images: Tensor) -> Tensor:
    """Distance between the front's and the teacher's features, over their spread."""
    with torch.no_grad():
        wanted = teacher.quarter(images).float()
    spread = wanted.var((0, 2, 3), keepdim=True) + 1e-3
    return ((detector.front(images).float() - wanted).square() / spread).mean()


def _replaced(path: Path, content: dict[str, object]) -> None:
    """Write a file in one step."""
    waiting = path.with_suffix(".tmp")
    with waiting.open("wb") as out:
        torch.save(content, out)
        out.flush()
        os.fsync(out.fileno())
    waiting.replace(path)


class Training:
    """Weights, their average and the optimiser, from a checkpoint or from the beginning."""

    def __init__(
        self, plan: Plan, detector: Detector, manifest: str, device: torch.device,
        layout: torch.memory_format = torch.channels_last,
    ) -> None:  # fmt: skip
        self.plan, self.manifest, self.device, self.layout = plan, manifest, device, layout
        self.detector = detector.to(device, memory_format=layout)
        weights = [p for p in detector.parameters() if p.dim() > 1]
        biases = [p for p in detector.parameters() if p.dim() <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": weights, "weight_decay": 0.005}, {"params": biases, "weight_decay": 0.0}],
            lr=plan.rate, betas=(0.9, 0.99), fused=True,
        )  # fmt: skip
        self.averaged = {k: v.clone() for k, v in detector.state_dict().items()}
        self.step, self.spent = 0, 0.0

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.detector.load_state_dict(state["weights"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.averaged, self.step = state["averaged"], state["step"]
        self.spent = state["spent"]
        if state["manifest"] != self.manifest:
            print("the pictures have changed since the checkpoint", flush=True)

    def save(self, path: Path, averaged: Path | None) -> None:
        """Replace the checkpoint, and beside it the averaged weights alone."""
        common = {"step": self.step, "spent": self.spent, "manifest": self.manifest,
                  "plan": asdict(self.plan)}  # fmt: skip
        average = {k: v.cpu() for k, v in self.averaged.items()}
        if averaged:
            _replaced(averaged, {**common, "averaged": average})
        rest = {"weights": self.detector.state_dict(), "optimiser": self.optimiser.state_dict()}
        _replaced(path, {**common, "averaged": average, **rest})

    def advance(
        self, images: Tensor, truths: Tensor, teacher: TeacherGraph | None
    ) -> dict[str, Tensor]:
        """One step; parts of its loss. With a teacher it trains the front alone."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate_of(self.step, self.spent, self.plan)
        batch = images.to(self.device, non_blocking=True).permute(0, 3, 1, 2)
        batch = batch.to(torch.float32, memory_format=self.layout)
        with torch.autocast(self.device.type, torch.bfloat16):
            if teacher:
                parts = {"front": front_loss(self.detector, teacher, batch)}
            else:
                raw = self.detector(batch)
        if not teacher:
            counts = (truths[..., 0] != NONE).sum(1).tolist()
            wanted = truths.to(self.device, non_blocking=True)
            height, width = images.shape[1:3]
            parts = detection_loss(raw.float(), wanted, height, width, counts)
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        norm = torch.nn.utils.clip_grad_norm_(self.detector.parameters(), 10.0)
        # The fused optimiser passes over a step whose gradient is not finite, without a wait.
        self.optimiser.found_inf = (~torch.isfinite(norm)).float()
        self.optimiser.grad_scale = None
        self.optimiser.step()
        self.step += 1
        since = self.step if teacher else self.step - self.plan.front_steps
        decay = min(_AVERAGE, since / (since + 10))
        state = self.detector.state_dict()
        torch._foreach_lerp_([self.averaged[k] for k in state], list(state.values()), 1 - decay)
        return {k: v.detach() for k, v in {**parts, "gradient": norm}.items()}


def run(
    training: Training, samples: Samples, data: Path, out: Path, averaged: Path | None,
    stop_at: int, processes: int,
) -> None:  # fmt: skip
    """Steps up to `stop_at`, or until the seconds are over, with checkpoints."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    plan, sums, first = training.plan, dict[str, Tensor](), training.step
    teacher = None
    if training.step < plan.front_steps:
        teacher = teacher_graph(data / "models").to(training.device)
    batches = samples.following(training.step, processes, training.device.type == "cuda")
    saved = began = time.monotonic()
    before, waited = training.spent, 0.0
    while training.step < min(stop_at, plan.steps) and not ended:
        asked = time.monotonic()
        images, truths = next(batches)
        waited += time.monotonic() - asked
        training.spent = before + time.monotonic() - began
        if plan.seconds and training.spent > plan.seconds:
            break
        if training.step >= plan.front_steps:
            teacher = None
        for name, value in training.advance(images, truths, teacher).items():
            sums[name] = sums[name] + value if name in sums else value
        if training.step % _SHOWN_EVERY == 0:
            shown = " ".join(f"{k} {float(v) / _SHOWN_EVERY:.3f}" for k, v in sums.items())
            spent = time.monotonic() - began
            pace = (training.step - first) * plan.batch / spent
            print(f"step {training.step} {spent:.0f} s {shown} pictures/s {pace:.0f} "
                  f"waited {waited / spent:.2f}", flush=True)  # fmt: skip
            sums = {}
        if time.monotonic() - saved > _SAVE_EVERY_S:
            saved = time.monotonic()
            training.save(out / "checkpoint.pt", averaged)
    training.save(out / "checkpoint.pt", averaged)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--unpacked", type=Path, help="where the decoded pictures are kept")
    parser.add_argument("--averaged", type=Path, help="write the averaged weights here too")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--channels-first", action="store_true", help="order of the features")
    parser.add_argument("--choose-kernels", action="store_true", help="by timing them at first")
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--seconds", type=float, default=0.0, help="length, rather than by steps")
    parser.add_argument("--stop-at", type=int, default=1 << 40, help="end early, at this step")
    parser.add_argument("--front-steps", type=int, default=800)
    parser.add_argument("--front-rate", type=float, default=6e-3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--fall", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--processes", type=int, default=1, help="that make batches")
    parser.add_argument("--partly-labelled", action="store_true",
                        help="use the pictures that the teacher has seen so far")  # fmt: skip
    parser.add_argument("--begin", type=Path, help="a checkpoint whose averaged weights to take")
    options = parser.parse_args(arguments)
    steps = 1 << 40 if options.seconds else options.steps
    plan = Plan(steps, options.seconds, options.front_steps, options.front_rate, options.batch,
                options.rate, options.fall, options.seed)  # fmt: skip
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(plan.seed)
    options.run.mkdir(parents=True, exist_ok=True)
    if not (options.work / "pictures.json").exists():
        build(options.data, options.work)
    if not options.partly_labelled:
        label(options.data, options.work)
    samples = Samples(options.work, plan.seed, plan.batch, options.unpacked, options.processes)
    detector = Detector()
    checkpoint = options.run / "checkpoint.pt"
    if options.begin:
        detector.load_state_dict(torch.load(options.begin, weights_only=True)["averaged"])
    elif not checkpoint.exists():
        begin(options.data, samples, detector)
    torch.backends.cudnn.benchmark = options.choose_kernels
    layout = torch.contiguous_format if options.channels_first else torch.channels_last
    training = Training(plan, detector, samples.manifest, torch.device(options.device), layout)
    if checkpoint.exists():
        training.resume(checkpoint)
    record = {**asdict(plan), "manifest": samples.manifest, "pictures": samples.count,
              "from_step": training.step, "device": options.device}  # fmt: skip
    with (options.run / "plan.jsonl").open("a") as out:
        out.write(json.dumps(record) + "\n")
    run(training, samples, options.data, options.run, options.averaged, options.stop_at,
        options.processes)  # fmt: skip


if __name__ == "__main__":
    main()
