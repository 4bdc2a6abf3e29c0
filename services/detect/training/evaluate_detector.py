"""AP50 of a YOLOX-layout ONNX detector on `vehicles/dev`, by prefix, any vehicle as one class.

python evaluate_detector.py --data DATA --model MODEL [--long-side 640]
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from vehicle_samples import IGNORED, VEHICLES, labels_of

_COCO_VEHICLES = (2, 5, 7, 3)


def detect(session: onnxruntime.InferenceSession, image: np.ndarray, side: int,
           fixed: bool) -> np.ndarray:  # fmt: skip
    """(n, 6) x1 y1 x2 y2 score class, of the vehicle classes, after suppression."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    w, h = round(width * scale), round(height * scale)
    box = (side, side) if fixed else (-(-h // 32) * 32, -(-w // 32) * 32)
    canvas = np.full((*box, 3), 114, np.uint8)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas[:h, :w] = cv2.resize(image, (w, h), interpolation=how)
    batch = canvas.transpose(2, 0, 1)[None].astype(np.float32)
    out = session.run(None, {session.get_inputs()[0].name: batch})[0][0]
    corners, strides = [], []
    for stride in (8, 16, 32):
        ys, xs = np.mgrid[0 : box[0] // stride, 0 : box[1] // stride]
        corners.append(np.stack([xs, ys], 2).reshape(-1, 2))
        strides.append(np.full((len(corners[-1]), 1), stride))
    corner, stride = np.concatenate(corners), np.concatenate(strides)
    centre, size = (out[:, :2] + corner) * stride, np.exp(np.clip(out[:, 2:4], None, 8)) * stride
    chosen = out[:, 5:][:, list(_COCO_VEHICLES if out.shape[1] == 85 else VEHICLES)]
    score = out[:, 4] * chosen.max(1)
    keep = score > 0.01
    boxes = np.concatenate([centre - size / 2, centre + size / 2], 1)[keep] / scale
    score, names = score[keep], chosen.argmax(1)[keep]
    order = np.argsort(-score)[:1000]
    boxes, score, names = boxes[order], score[order], names[order]
    found: list[int] = []
    for i in range(len(boxes)):
        if not found or overlap_of(boxes[i], boxes[found]).max() < 0.6:
            found.append(i)
    return np.concatenate([boxes[found], score[found, None], names[found, None]], 1)


def overlap_of(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one corner box with many."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:4], boxes[:, 2:4])
    shared = np.clip(high - low, 0, None).prod(1)
    areas = (boxes[:, 2:4] - boxes[:, :2]).prod(1)
    return shared / ((box[2:4] - box[:2]).prod() + areas - shared + 1e-9)


def average_precision(rows: list[tuple[float, int]], truths: int) -> float:
    """Area under the precision envelope; rows are (score, right?)."""
    right = np.cumsum([r for _, r in sorted(rows, key=lambda r: -r[0])])
    if not len(right) or not truths:
        return float("nan")
    precision = np.maximum.accumulate((right / np.arange(1, len(right) + 1))[::-1])[::-1]
    return float((precision * np.diff(np.concatenate([[0], right / truths]))).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--long-side", type=int, default=640)
    options = parser.parse_args()
    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(options.model), session_options)
    fixed = isinstance(session.get_inputs()[0].shape[2], int)
    side = session.get_inputs()[0].shape[2] if fixed else options.long_side
    scores: dict[str, list[tuple[float, int]]] = {}
    truths: dict[str, int] = {}
    named: dict[str, list[int]] = {}
    for file in sorted((options.data / "vehicles" / "dev" / "images").iterdir()):
        image = cv2.imread(str(file))
        prefix = file.name[:4]
        labels = labels_of(file) * [1, *[image.shape[1], image.shape[0]] * 2]
        wanted = labels[np.isin(labels[:, 0], (*VEHICLES, 8))]
        ignored = labels[labels[:, 0] == IGNORED]
        used = np.zeros(len(wanted), bool)
        truths[prefix] = truths.get(prefix, 0) + len(wanted)
        for x in detect(session, image, side, fixed):
            overlaps = overlap_of(x, wanted[:, 1:]) * ~used if len(wanted) else np.zeros(0)
            if len(overlaps) and overlaps.max() >= 0.5:
                best = int(overlaps.argmax())
                used[best] = True
                scores.setdefault(prefix, []).append((float(x[4]), 1))
                if wanted[best, 0] < 8 and x[4] > 0.3:
                    named.setdefault(prefix, []).append(int(wanted[best, 0] == x[5]))
            elif not len(ignored) or overlap_of(x, ignored[:, 1:]).max() < 0.3:
                scores.setdefault(prefix, []).append((float(x[4]), 0))
    for prefix, rows in scores.items():
        print(
            f"{prefix} AP50 any vehicle {average_precision(rows, truths[prefix]):.3f} of "
            f"{truths[prefix]}; class right {np.mean(named.get(prefix, [np.nan])):.3f}"
        )


if __name__ == "__main__":
    main()
