"""Vehicles that the labels of the overhead pictures miss, found by Intel's
person-vehicle-bike-detection-2003 (Apache-2.0), written as truths of unknown class.

    python teacher_labels.py --data DATA --out missed.npz
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import openvino
from evaluate_detector import overlap_of
from vehicle_samples import IGNORED, UNKNOWN, labels_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    model = openvino.Core().compile_model(
        str(options.data / "models" / "person-vehicle-bike-detection-2003.xml"), "CPU",
        {"INFERENCE_NUM_THREADS": 1},
    )  # fmt: skip
    extra, added, doubtful = {}, 0, 0
    for file in sorted((options.data / "vehicles" / "train" / "images").iterdir()):
        if not file.name.startswith(("atl_", "top_")):
            continue
        image = cv2.imread(str(file))
        batch = cv2.resize(image, (864, 480)).transpose(2, 0, 1)[None].astype(np.float32)
        result = model(batch)
        boxes, names = np.asarray(result["boxes"]), np.asarray(result["labels"])
        truths = labels_of(file)[:, 1:] * ([864, 480] * 2)
        rows = []
        for (*box, score), name in zip(boxes, names, strict=True):
            box = np.array(box)
            if name != 0 or score < 0.3 or (box[2:] - box[:2]).min() < 4:
                continue
            if len(truths) and overlap_of(box, truths).max() > 0.35:
                continue
            added, doubtful = added + (score >= 0.45), doubtful + (score < 0.45)
            rows.append([UNKNOWN if score >= 0.45 else IGNORED, *(box / ([864, 480] * 2))])
        if rows:
            extra[file.name] = np.array(rows, np.float32)
    np.savez(options.out, **extra)
    print(f"{added} added, {doubtful} ignored, in {len(extra)} pictures")


if __name__ == "__main__":
    main()
