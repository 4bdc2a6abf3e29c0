"""Measure the teacher and a run's checkpoints as `payesh-detect evaluate-vehicles` measures models,
on `vehicles/dev` and on the held-out cameras of the training folder.

export PYTHONPATH=services/detect/src:contracts/src:libs/kit/src
python evaluate_detector.py --data DATA [--teacher] [CHECKPOINT.pt | MODEL.onnx] ...
"""

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from boxes import suppress
from pictures import HELD_OUT, read_picture

from payesh.detect.adapters.onnx_detector import OnnxDetector, by_area
from payesh.detect.domain.detections import VEHICLE_CLASSES, Detections
from payesh.detect.evaluation.labelled_pictures import LABEL_CLASSES, labels_of, pictures_in
from payesh.detect.evaluation.vehicle_figures import (
    LOWEST_SCORE,
    FindsVehicles,
    SourceFigures,
    processor_ms,
)
from payesh.detect.frames import Bytes

_SAME = 0.55
_AREA = 460_800
_OURS = [VEHICLE_CLASSES.index(name) for name in LABEL_CLASSES if name in VEHICLE_CLASSES]


class TeacherFinds:
    """The teacher; its vehicles count as cars, its bikes as motorcycles."""

    def __init__(self, data: Path) -> None:
        from teacher_labels import Teacher

        self._teacher = Teacher(data)

    def detect_bgr(self, bgr: Bytes, minimum_confidence: float | None = None) -> Detections:
        rows = self._teacher.view(bgr)
        rows = rows[rows[:, 5] != 1]
        rows[:, :4] *= [bgr.shape[1], bgr.shape[0]] * 2
        rows = rows[suppress(rows, rows[:, 4], _SAME)]
        kinds = np.where(rows[:, 5] == 2, VEHICLE_CLASSES.index("motorcycle"), 0)
        return Detections.of(rows[:, :4], rows[:, 4], kinds)


class CheckpointFinds:
    """The averaged weights of a run on its way, in float."""

    def __init__(self, checkpoint: Path) -> None:
        import torch
        from network import Detector

        self._torch, self._detector = torch, Detector().eval()
        self._detector.load_state_dict(torch.load(checkpoint, weights_only=True)["averaged"])
        self._detector.final = True

    def detect_bgr(self, bgr: Bytes, minimum_confidence: float | None = None) -> Detections:
        scale, high, wide = by_area(*bgr.shape[:2], _AREA)
        size = round(bgr.shape[1] * scale), round(bgr.shape[0] * scale)
        canvas = np.full((high, wide, 3), 114, np.uint8)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        canvas[: size[1], : size[0]] = cv2.resize(bgr, size, interpolation=how)
        batch = canvas.transpose(2, 0, 1)[None].astype(np.float32)
        with self._torch.no_grad():
            out = self._detector(self._torch.from_numpy(batch))[0].numpy()
        classes = out[:, 5:10]
        score = out[:, 4] * classes.max(1)
        keep = np.flatnonzero(score > LOWEST_SCORE)
        keep = keep[np.argsort(-score[keep], kind="stable")][:600]
        corner, stride = _cells(high, wide)
        centre = (out[keep, :2] + corner[keep]) * stride[keep]
        half = np.exp(np.clip(out[keep, 2:4], None, 8)) * stride[keep] / 2
        boxes = np.concatenate([centre - half, centre + half], 1) / scale
        kinds = np.array(_OURS)[classes[keep].argmax(1)]
        found = Detections.of(boxes, score[keep], kinds)
        return found.take(suppress(found.xyxy, found.score, _SAME))


def _cells(high: int, wide: int) -> tuple[np.ndarray, np.ndarray]:
    corners, strides = [], []
    for stride in (8, 16, 32):
        ys, xs = np.mgrid[0 : high // stride, 0 : wide // stride]
        corners.append(np.stack([xs, ys], 2).reshape(-1, 2))
        strides.append(np.full((len(corners[-1]), 1), stride))
    return np.concatenate(corners), np.concatenate(strides)


def held_out(data: Path) -> list[Path]:
    """Pictures of cameras that no training run sees."""
    train = pictures_in(data / "vehicles" / "train")
    dev = pictures_in(data / "vehicles" / "dev")
    return dev + [file for file in train if file.name.startswith(HELD_OUT)]


def measure(detector: FindsVehicles, files: list[Path]) -> dict[str, SourceFigures]:
    """Figures by source."""
    sources: dict[str, SourceFigures] = {}
    for file in files:
        picture = read_picture(file)
        labels = labels_of(file, picture.shape[1], picture.shape[0])
        own = sources.setdefault(file.name.split("_")[0], SourceFigures())
        own.add(detector.detect_bgr(picture), labels)
    return sources


def _detector_of(model: Path) -> FindsVehicles:
    if model.suffix == ".pt":
        return CheckpointFinds(model)
    return OnnxDetector(model.read_bytes(), minimum_confidence=LOWEST_SCORE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", action="store_true")
    parser.add_argument("--every", type=int, default=1, help="a quick look: one picture in so many")
    parser.add_argument("models", nargs="*", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    files = held_out(options.data)[:: options.every]
    finders = {str(model): _detector_of(model) for model in options.models}
    if options.teacher:
        finders["teacher"] = TeacherFinds(options.data)
    report = {}
    for name, finder in finders.items():
        figures = measure(finder, files)
        spent = processor_ms(finder, read_picture(files[0]))
        report[name] = {"ms_1080p": spent, "sources": {s: f.summary() for s, f in figures.items()}}
        sys.stderr.write(f"{name} measured\n")
    json.dump(report, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
