"""Train the vehicle detector on a CPU, in steps that may be stopped and resumed at any time.

python train.py --data DATA --work CACHE --run RUN [--steps 20000]

A checkpoint is written to RUN/checkpoint.pt every few minutes and on SIGTERM; a run that finds one
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

_SAVE_EVERY_S = 150
_AVERAGE = 0.998
_TEACHER_SIZE = (864, 480)


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides the weights, beside the pictures; a resumed run may lengthen it."""

    steps: int
    front_steps: int
    batch: int
    rate: float
    seed: int


def rate_of(step: int, plan: Plan) -> float:
    """Learning rate of a step: a warm-up, then level, falling over the last fifth of the steps,
    so that a level run can be lengthened."""
    front = step < plan.front_steps
    warm = min(1.0, ((step if front else step - plan.front_steps) + 1) / 150)
    if front:
        return 6 * plan.rate * warm * (1 - 0.9 * step / plan.front_steps)
    length = plan.steps - plan.front_steps
    return plan.rate * warm * min(1.0, 0.02 + 5 * (plan.steps - step) / max(length, 1))


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
        wanted = teacher.quarter(images)
    spread = wanted.var((0, 2, 3), keepdim=True) + 1e-3
    return ((detector.front(images) - wanted).square() / spread).mean()


class Training:
    """Weights, their average and the optimiser, from a checkpoint or from the beginning."""

    def __init__(self, plan: Plan, detector: Detector, manifest: str) -> None:
        self.plan, self.detector, self.manifest = plan, detector, manifest
        detector.to(memory_format=torch.channels_last)
        weights = [p for p in detector.parameters() if p.dim() > 1]
        biases = [p for p in detector.parameters() if p.dim() <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": weights, "weight_decay": 0.005}, {"params": biases, "weight_decay": 0.0}],
            lr=plan.rate, betas=(0.9, 0.99),
        )  # fmt: skip
        self.averaged = {k: v.clone() for k, v in detector.state_dict().items()}
        self.step = 0

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint."""
        state = torch.load(path, weights_only=True)
        self.detector.load_state_dict(state["weights"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.averaged, self.step = state["averaged"], state["step"]
        torch.set_rng_state(state["torch_rng"])
        if state["manifest"] != self.manifest:
            print("the pictures have changed since the checkpoint", flush=True)

    def save(self, path: Path) -> None:
        """Replace the checkpoint in one step."""
        waiting = path.with_suffix(".tmp")
        content = {
            "step": self.step, "weights": self.detector.state_dict(), "averaged": self.averaged,
            "optimiser": self.optimiser.state_dict(), "torch_rng": torch.get_rng_state(),
            "manifest": self.manifest, "plan": asdict(self.plan),
        }  # fmt: skip
        with waiting.open("wb") as out:
            torch.save(content, out)
            out.flush()
            os.fsync(out.fileno())
        waiting.replace(path)

    def advance(
        self, images: np.ndarray, truths: list[np.ndarray], teacher: TeacherGraph | None
    ) -> dict[str, float]:
        """One step; parts of its loss. With a teacher it trains the front alone."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate_of(self.step, self.plan)
        batch = torch.from_numpy(images).permute(0, 3, 1, 2).float()
        with torch.autocast("cpu", torch.bfloat16):
            if teacher:
                parts = {"front": front_loss(self.detector, teacher, batch)}
            else:
                raw = self.detector(batch)
        if not teacher:
            wanted = [torch.from_numpy(t.astype(np.float32)) for t in truths]
            parts = detection_loss(raw.float(), wanted, *images.shape[1:3])
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(list(parts.values())).sum().backward()
        norm = torch.nn.utils.clip_grad_norm_(self.detector.parameters(), 10.0)
        if torch.isfinite(norm):
            self.optimiser.step()
        self.step += 1
        since = self.step if teacher else self.step - self.plan.front_steps
        decay = min(_AVERAGE, since / (since + 10))
        for name, tensor in self.detector.state_dict().items():
            self.averaged[name].lerp_(tensor, 1 - decay)
        return {k: float(v.detach()) for k, v in {**parts, "gradient": norm}.items()}


def run(training: Training, samples: Samples, data: Path, out: Path, stop_at: int) -> None:
    """Steps up to `stop_at`, with checkpoints."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    plan, mean = training.plan, dict[str, float]()
    teacher = teacher_graph(data / "models") if training.step < plan.front_steps else None
    saved = began = time.monotonic()
    for images, truths in samples.following(training.step):
        if training.step >= min(stop_at, plan.steps) or ended:
            break
        if training.step >= plan.front_steps:
            teacher = None
        for name, value in training.advance(images, truths, teacher).items():
            mean[name] = mean.get(name, value) * 0.98 + 0.02 * value
        if training.step % 25 == 0:
            shown = " ".join(f"{k} {v:.3f}" for k, v in mean.items())
            print(f"step {training.step} {time.monotonic() - began:.0f} s {shown}", flush=True)
        if time.monotonic() - saved > _SAVE_EVERY_S:
            saved = time.monotonic()
            training.save(out / "checkpoint.pt")
    training.save(out / "checkpoint.pt")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--stop-at", type=int, default=1 << 40, help="end early, at this step")
    parser.add_argument("--front-steps", type=int, default=800)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--partly-labelled", action="store_true",
                        help="use the pictures that the teacher has seen so far")  # fmt: skip
    parser.add_argument("--begin", type=Path, help="a checkpoint whose averaged weights to take")
    options = parser.parse_args(arguments)
    plan = Plan(options.steps, options.front_steps, options.batch, options.rate, options.seed)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(plan.seed)
    options.run.mkdir(parents=True, exist_ok=True)
    if not (options.work / "pictures.json").exists():
        build(options.data, options.work)
    if not options.partly_labelled:
        label(options.data, options.work)
    samples = Samples(options.data, options.work, plan.seed, plan.batch)
    detector = Detector()
    checkpoint = options.run / "checkpoint.pt"
    if options.begin:
        detector.load_state_dict(torch.load(options.begin, weights_only=True)["averaged"])
    elif not checkpoint.exists():
        begin(options.data, samples, detector)
    training = Training(plan, detector, samples.manifest)
    if checkpoint.exists():
        training.resume(checkpoint)
    record = {**asdict(plan), "manifest": samples.manifest, "pictures": samples.count,
              "from_step": training.step}  # fmt: skip
    with (options.run / "plan.jsonl").open("a") as out:
        out.write(json.dumps(record) + "\n")
    run(training, samples, options.data, options.run, options.stop_at)


if __name__ == "__main__":
    main()
