"""What the teacher finds on every cached picture: Intel's person-vehicle-bike-detection-2003
(Apache-2.0) on the whole picture, and where vehicles may be far on its mirror image or on four
overlapping quarters too, merged.

python teacher_labels.py --data DATA --work WORK
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from boxes import overlaps
from pictures import load, pixels

INPUT = (864, 480)
LOWEST = 0.1
# Groups of close views get the whole picture alone; these get its mirror image, or quarters too.
_MIRRORED = ("sgn", "top", "photo")
_QUARTERED = ("atl", "man", "port", "frame", "clip")
_QUARTER = 0.6
_SAME = 0.55


class Teacher:
    """The traffic teacher on BGR pictures; boxes as fractions of the picture. In bfloat16 it takes
    half the time, and its boxes overlap those of full precision by 0.98 to 1."""

    def __init__(self, data: Path, precision: str = "f32") -> None:
        import openvino  # only for labelling and comparing

        self._model = openvino.Core().compile_model(
            str(data / "models" / "person-vehicle-bike-detection-2003.xml"), "CPU",
            {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": precision},
        )  # fmt: skip

    def view(self, image: np.ndarray) -> np.ndarray:
        """(n, 6): x1, y1, x2, y2, score, kind (0 vehicle, 1 person, 2 bike)."""
        batch = cv2.resize(image, INPUT).transpose(2, 0, 1)[None].astype(np.float32)
        result = self._model(batch)
        boxes, kinds = np.asarray(result["boxes"]), np.asarray(result["labels"])
        rows = np.concatenate([boxes[:, :4] / (INPUT * 2), boxes[:, 4:5], kinds[:, None]], 1)
        return rows[rows[:, 4] >= LOWEST].astype(np.float32)

    def merged(self, image: np.ndarray, group: str) -> np.ndarray:
        """As `view`, over the views of the group."""
        whole = [self.view(image)]
        if group in _MIRRORED:
            whole.append(mirrored(self.view(np.ascontiguousarray(image[:, ::-1]))))
        parts = self._quarters(image) if group in _QUARTERED else []
        return np.concatenate(
            [
                fused([v[v[:, 5] == kind] for v in whole], [v[v[:, 5] == kind] for v in parts])
                for kind in range(3)
            ]
        )

    def _quarters(self, image: np.ndarray) -> list[np.ndarray]:
        """Boxes in overlapping quarters; one cut by a quarter's inner edge is left out."""
        height, width = image.shape[:2]
        views = []
        for left in (0.0, 1 - _QUARTER):
            for top in (0.0, 1 - _QUARTER):
                x, y = round(left * width), round(top * height)
                w, h = round(_QUARTER * width), round(_QUARTER * height)
                rows = self.view(np.ascontiguousarray(image[y : y + h, x : x + w]))
                rows[:, :4] = rows[:, :4] * _QUARTER + np.array([left, top, left, top])
                inner_x = rows[:, 2] > _QUARTER - 0.006 if left == 0 else rows[:, 0] < left + 0.006
                inner_y = rows[:, 3] > _QUARTER - 0.006 if top == 0 else rows[:, 1] < top + 0.006
                views.append(rows[~(inner_x | inner_y)])
        return views


def mirrored(rows: np.ndarray) -> np.ndarray:
    """Boxes of a mirrored picture, in the picture."""
    turned = rows.copy()
    turned[:, 0], turned[:, 2] = 1 - rows[:, 2], 1 - rows[:, 0]
    return turned


def fused(whole: list[np.ndarray], parts: list[np.ndarray]) -> np.ndarray:
    """One row a cluster of overlapping boxes of one kind: the mean box, weighted by score. Its
    score is the better of the whole views' mean and nine tenths of the best part's."""
    rows = np.concatenate([np.insert(v, 6, i, 1) for i, v in enumerate([*whole, *parts])])
    rows = rows[np.argsort(-rows[:, 4], kind="stable")]
    pairs = overlaps(rows, rows)
    free, out = np.ones(len(rows), bool), []
    for i in range(len(rows)):
        if not free[i]:
            continue
        members = free & (pairs[i] > _SAME)
        members[i] = True
        free &= ~members
        near = rows[members]
        box = (near[:, :4] * near[:, 4:5]).sum(0) / near[:, 4].sum()
        best = [float(near[near[:, 6] == v, 4].max(initial=0)) for v in range(len(whole))]
        part = 0.9 * float(near[near[:, 6] >= len(whole), 4].max(initial=0))
        out.append([*box, max(sum(best) / len(best), part), rows[i, 5]])
    return np.array(out, np.float32).reshape(-1, 6)


def label(data: Path, work: Path) -> None:
    """Write `teacher.npz`, or the rest of it; nothing if it is whole."""
    pictures, memory, manifest = load(work)
    path, found = work / "teacher.npz", {"manifest": np.array(manifest)}
    if path.exists():
        with np.load(path) as old:
            if str(old["manifest"]) == manifest:
                found = dict(old)
    missing = [p for p in pictures if p.name not in found]
    if not missing:
        return
    np.random.default_rng(3).shuffle(missing)  # what is done is a fair part at any time
    teacher = Teacher(data, "bf16")
    for done, picture in enumerate(missing, 1):
        found[picture.name] = teacher.merged(
            np.ascontiguousarray(pixels(picture, memory)), picture.group
        )
        if done % 100 == 0 or done == len(missing):
            np.savez_compressed(work / "teacher.tmp.npz", allow_pickle=False, **found)
            (work / "teacher.tmp.npz").replace(path)
            print(f"teacher: {done} of {len(missing)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    label(options.data, options.work)


if __name__ == "__main__":
    main()
