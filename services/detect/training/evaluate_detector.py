"""Measure detectors side by side on `vehicles/dev` and on the held-out cameras of the training
folder: any vehicle and each class (AP at overlap 0.5), recall at one false box per ten pictures,
processor time of a 1080p frame on one thread.

python evaluate_detector.py --data DATA [--teacher] MODEL[@LONG_SIDE | @pixels=N] ...
"""

import argparse
import functools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from boxes import overlaps, share_inside, suppress
from pictures import HELD_OUT, read_picture
from truths import BICYCLE, CLASSES, IGNORED, MOTORCYCLE, VEHICLES, labels_of

# Rows of corners, score, class.
Find = Callable[[np.ndarray], np.ndarray]
_COCO_VEHICLES = (2, 5, 7, 3)
_STEP = 32


def fitted(height: int, width: int, long_side: int, budget: int) -> tuple[float, int, int]:
    """Scale and padded height and width: by the longest side, or the most that `budget` pixels
    hold."""
    if not budget:
        scale = long_side / max(height, width)
        high, wide = round(height * scale), round(width * scale)
        return scale, -(-high // _STEP) * _STEP, -(-wide // _STEP) * _STEP
    best = (0.0, _STEP, _STEP)
    for rows in range(4, 60):
        high = rows * _STEP
        wide = budget // high // _STEP * _STEP
        scale = min(high / height, wide / width)
        best = max(best, (scale, high, wide))
    return best


def resized(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Halved by area as often as it goes, which is cheap, then the rest linearly."""
    while image.shape[0] >= 2 * height and image.shape[1] >= 2 * width:
        half = image.shape[1] // 2, image.shape[0] // 2
        image = cv2.resize(image, half, interpolation=cv2.INTER_AREA)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)


def session_of(model: Path) -> onnxruntime.InferenceSession:
    """One thread, quiet."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options)


def answers_of(model: Path) -> tuple[Find, int]:
    """What a model answers to one picture (1, 3, h, w), and its side if that is fixed. A training's
    checkpoint is read too."""
    if model.suffix == ".pt":
        import torch  # only for looking at a run on its way
        from network import Detector

        detector = Detector().eval()
        detector.load_state_dict(torch.load(model, weights_only=True)["averaged"])
        detector.final = True

        def answer(batch: np.ndarray) -> np.ndarray:
            with torch.no_grad():
                return detector(torch.from_numpy(batch))[0].numpy()

        return answer, 0
    session = session_of(model)
    shape, name = session.get_inputs()[0].shape, session.get_inputs()[0].name
    fixed = shape[2] if isinstance(shape[2], int) else 0
    return lambda batch: session.run(None, {name: batch})[0][0], fixed


def yolox(model: Path, how: str) -> Find:
    """A detector in the layout of YOLOX, undecoded."""
    answer, fixed = answers_of(model)
    budget = int(how.removeprefix("pixels=")) if how.startswith("pixels=") else 0
    long_side = fixed or (int(how) if how and not budget else 640)

    def find(image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        scale, high, wide = fitted(height, width, long_side, budget)
        if fixed:
            high = wide = fixed
        h, w = min(high, round(height * scale)), min(wide, round(width * scale))
        canvas = np.full((high, wide, 3), 114, np.uint8)
        canvas[:h, :w] = resized(image, w, h)
        batch = canvas.transpose(2, 0, 1)[None].astype(np.float32)
        out = answer(batch)
        chosen = out[:, 5:][:, list(_COCO_VEHICLES if out.shape[1] == 85 else VEHICLES)]
        score = out[:, 4] * chosen.max(1)
        keep = np.nonzero(score > 0.01)[0]
        keep = keep[np.argsort(-score[keep], kind="stable")][:600]
        corner, stride = _cells(high, wide)
        corner, stride, row = corner[keep], stride[keep], out[keep]
        centre = (row[:, :2] + corner) * stride
        half = np.exp(np.clip(row[:, 2:4], None, 8)) * stride / 2
        found = np.concatenate([centre - half, centre + half], 1) / scale
        found = np.column_stack([found, score[keep], chosen[keep].argmax(1)])
        return found[suppress(found, found[:, 4], 0.55)]

    return find


@functools.lru_cache(8)
def _cells(high: int, wide: int) -> tuple[np.ndarray, np.ndarray]:
    corners, strides = [], []
    for stride in (8, 16, 32):
        ys, xs = np.mgrid[0 : high // stride, 0 : wide // stride]
        corners.append(np.stack([xs, ys], 2).reshape(-1, 2))
        strides.append(np.full((len(corners[-1]), 1), stride))
    return np.concatenate(corners), np.concatenate(strides)


def teacher(data: Path) -> Find:
    """The teacher; its vehicles count as cars, its bikes as motorcycles."""
    from teacher_labels import Teacher

    graph = Teacher(data)

    def find(image: np.ndarray) -> np.ndarray:
        rows = graph.view(image)
        rows = rows[rows[:, 5] != 1]
        rows[:, :4] *= [image.shape[1], image.shape[0]] * 2
        rows[:, 5] = np.where(rows[:, 5] == 2, MOTORCYCLE, 0)
        return rows[suppress(rows, rows[:, 4], 0.55)]

    return find


@dataclass(slots=True)
class Tally:
    """Right and wrong boxes by score, of one class and source."""

    truths: int = 0
    rows: list[tuple[float, bool]] = field(default_factory=list)

    def add(self, found: np.ndarray, wanted: np.ndarray, neutral: np.ndarray) -> None:
        """Match best first; boxes on what is neither right nor wrong are left out."""
        self.truths += len(wanted)
        used = np.zeros(len(wanted), bool)
        pairs = overlaps(found, wanted)
        excused = np.zeros(len(found), bool)
        if len(neutral):
            excused = (overlaps(found, neutral).max(1) >= 0.5) | (
                share_inside(found, neutral).max(1) >= 0.5
            )
        for i in np.argsort(-found[:, 4], kind="stable"):
            free = pairs[i] * ~used
            if len(free) and free.max() >= 0.5:
                used[int(free.argmax())] = True
                self.rows.append((float(found[i, 4]), True))
            elif not excused[i]:
                self.rows.append((float(found[i, 4]), False))

    def precision(self) -> float:
        """Area under the precision envelope."""
        if not self.truths:
            return float("nan")
        right = np.array([r for _, r in sorted(self.rows, reverse=True)], float).cumsum()
        if not len(right):
            return 0.0
        envelope = np.maximum.accumulate((right / np.arange(1, len(right) + 1))[::-1])[::-1]
        return float((envelope * np.diff(right / self.truths, prepend=0)).sum())

    def recall(self, pictures: int) -> float:
        """Recall where one false box per ten pictures begins."""
        allowed, right = pictures / 10, 0
        for _, correct in sorted(self.rows, reverse=True):
            allowed -= not correct
            if allowed < 0:
                break
            right += correct
        return right / max(self.truths, 1)


def pictures_of(data: Path) -> list[Path]:
    """Pictures of cameras that no training run sees."""
    dev = sorted((data / "vehicles" / "dev" / "images").iterdir())
    train = sorted((data / "vehicles" / "train" / "images").iterdir())
    return dev + [f for f in train if f.name.startswith(HELD_OUT)]


def measure(find: Find, data: Path, every: int) -> dict[str, dict[str, float]]:
    """Figures by source, on one picture in `every`."""
    tallies: dict[str, dict[str, Tally]] = {}
    counts: dict[str, int] = {}
    for file in pictures_of(data)[::every]:
        image = read_picture(file)
        source = file.name.split("_")[0]
        counts[source] = counts.get(source, 0) + 1
        rows = labels_of((file.parent.parent / "labels" / f"{file.stem}.txt").read_text())
        kinds, boxes = rows[:, 0], rows[:, 1:5] * ([image.shape[1], image.shape[0]] * 2)
        found = find(image)
        own = tallies.setdefault(source, {n: Tally() for n in ("any", *CLASSES[:4])})
        vehicles = np.isin(kinds, (*VEHICLES, 8))
        own["any"].add(found, boxes[vehicles], boxes[np.isin(kinds, (BICYCLE, IGNORED))])
        if source == "top":
            continue
        for i, name in enumerate(CLASSES[:4]):
            others = np.isin(kinds, (8, IGNORED))
            own[name].add(found[found[:, 5] == i], boxes[kinds == i], boxes[others])
    return {
        source: {"recall": t["any"].recall(counts[source]),
                 **{name: tally.precision() for name, tally in t.items() if tally.truths >= 5}}
        for source, t in tallies.items()
    }  # fmt: skip


def milliseconds(find: Find, data: Path) -> float:
    """Processor time of one 1080p frame of traffic on one thread, the least of several."""
    frame = cv2.resize(read_picture(pictures_of(data)[0]), (1920, 1080))
    spent = []
    for _ in range(25):
        began = time.thread_time()
        find(frame)
        spent.append(time.thread_time() - began)
    return float(np.min(spent)) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--every", type=int, default=1, help="a quick look: one picture in so many")
    parser.add_argument("models", nargs="*")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    makers = {m: yolox(Path(m.partition("@")[0]), m.partition("@")[2]) for m in options.models}
    if options.teacher:
        makers["teacher"] = teacher(options.data)
    report = {}
    for name, find in makers.items():
        figures = measure(find, options.data, options.every)
        report[name] = {"ms": milliseconds(find, options.data), "sources": figures}
        print(f"{name}  {report[name]['ms']:.1f} ms", flush=True)
        for source, row in figures.items():
            print(f"  {source:5}" + "".join(f"  {k} {v:.3f}" for k, v in row.items()), flush=True)
    if options.out:
        options.out.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
