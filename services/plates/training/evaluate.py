"""Measure the locator and the reader on the dev split and on drawn plates.

python evaluate.py --data DATA --locator L.onnx [--reader R.onnx] [--drawn 400]
"""

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from picture_files import jpeg_coded, read_colour
from plate_drawing import random_text

from payesh.local.street.plate_art import draw_plate
from payesh.plates.adapters.onnx_locator import OnnxPlateLocator
from payesh.plates.adapters.onnx_reader import OnnxPlateReader
from payesh.plates.domain.located_plate import LocatedPlate


def overlap_of(a: LocatedPlate, b: tuple[float, float, float, float]) -> float:
    """Intersection over union of a located plate and a box (x, y, width, height)."""
    w = min(a.x + a.width, b[0] + b[2]) - max(a.x, b[0])
    h = min(a.y + a.height, b[1] + b[3]) - max(a.y, b[1])
    shared = max(w, 0) * max(h, 0)
    return shared / (a.width * a.height + b[2] * b[3] - shared)


def photos(plates: Path, locator: OnnxPlateLocator, reader: OnnxPlateReader | None) -> None:
    """Recall and precision at IoU 0.5, and exact reads of transcribed plates, by scene."""
    count: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for line in (plates / "photos_dev.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        image = read_colour(plates / "photos" / entry["file"])
        row = count[entry["scene"]]
        start = time.perf_counter()
        located = locator.locate(image)
        row["seconds"] += time.perf_counter() - start
        row["photos"] += 1
        row["located"] += len(located)
        height, width = image.shape[:2]
        for plate in entry["plates"]:
            cx, cy, w, h = np.array(plate["box_xywh_norm"]) * ([width, height] * 2)
            truth = (cx - w / 2, cy - h / 2, w, h)
            best = max(located, key=lambda f: overlap_of(f, truth), default=None)
            hit = best is not None and overlap_of(best, truth) >= 0.5
            row["plates"] += 1
            row["hit"] += hit
            if not hit:
                near = overlap_of(best, truth) if best else 0
                print("missed", entry["file"], [round(float(v)) for v in truth], round(near, 2))
            if plate["text"] and reader is not None:
                row["texts"] += 1
                text = reader.read(image, best).text if best is not None and hit else ""
                row["exact"] += text == plate["text"]
                row["exact_box"] += reader.read(
                    image, LocatedPlate(*map(float, (*truth, 1.0)))
                ).text == plate["text"]  # fmt: skip
                if hit and text != plate["text"]:
                    print("misread", entry["file"], plate["text"], text)
    for scene, row in count.items():
        print(f"{scene}: {row['photos']:.0f} photos, recall {row['hit'] / row['plates']:.3f} of "
              f"{row['plates']:.0f}, precision {row['hit'] / max(row['located'], 1):.3f}, "
              f"{1000 * row['seconds'] / row['photos']:.0f} ms", end="")  # fmt: skip
        if reader is not None:
            print(
                f"; exact end to end {row['exact'] / row['texts']:.3f}, with true boxes "
                f"{row['exact_box'] / row['texts']:.3f} of {row['texts']:.0f}",
                end="",
            )
        print()


def crops(plates: Path, locator: OnnxPlateLocator, reader: OnnxPlateReader) -> None:
    """Exact reads of the dev crops: `roozbeh` as they are, `anajar` as the service reads shots,
    where a plate that is not located is not read."""
    right: dict[str, list[bool]] = defaultdict(list)
    located: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    confidences: list[tuple[float, bool]] = []
    for line in (plates / "crops_dev.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        file, text, source = line.split("\t")
        image = read_colour(plates / file)
        whole = LocatedPlate(0.0, 0.0, float(image.shape[1]), float(image.shape[0]), 1.0)
        start = time.perf_counter()
        found = [whole] if source == "roozbeh" else locator.locate(image)
        reading = reader.read(image, found[0]) if found else None
        seconds[source] += time.perf_counter() - start
        located[source] += bool(found)
        right[source].append(reading is not None and reading.text == text)
        if reading is not None:
            confidences.append((reading.confidence, reading.text == text))
    for source, rows in right.items():
        print(
            f"crops {source}: located {located[source]}, exact {np.sum(rows)} = "
            f"{np.mean(rows):.3f} of {len(rows)}, {1000 * seconds[source] / len(rows):.0f} ms"
        )
    report_calibration(confidences)


def report_calibration(readings: list[tuple[float, bool]]) -> None:
    """Print coverage and accuracy above some confidences, and the expected calibration error.

    `readings` are pairs of a confidence and whether the text is right.
    """
    confidence, right = (np.array(v, float) for v in zip(*readings, strict=True))
    bins = np.clip((confidence * 10).astype(int), 0, 9)
    error = sum(abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
                for b in range(10) if (bins == b).any())  # fmt: skip
    print(f"expected calibration error {error:.3f}; ", end="")
    for least in (0.5, 0.8, 0.95):
        above = confidence >= least
        print(
            f"conf>={least}: {above.mean():.2f} of plates, {right[above].mean():.3f} right; ",
            end="",
        )
    print()


def drawn(plates: int, locator: OnnxPlateLocator, reader: OnnxPlateReader) -> None:
    """Exact reads of plates as the test street draws them, 70 to 120 px wide, in a plain scene."""
    rng = np.random.default_rng(99)
    located, right = 0, 0
    wrong: dict[str, int] = defaultdict(int)
    for _ in range(plates):
        text = random_text(rng)
        wide = int(rng.integers(70, 121))
        plate = cv2.cvtColor(draw_plate("".join(text), height_px=110), cv2.COLOR_RGB2BGR)
        scene = np.full((240, 320, 3), rng.integers(60, 200, 3), np.uint8)
        cv2.rectangle(scene, (40, 30), (280, 210), [int(v) for v in rng.integers(20, 230, 3)], -1)
        size = (wide, round(wide * 110 / 520))
        x, y = rng.integers(60, 150), rng.integers(60, 170)
        corners = np.array([[x, y], [x + wide, y], [x + wide, y + size[1]], [x, y + size[1]]])
        corners = (corners + rng.normal(0, 0.03 * size[1], (4, 2))).astype(np.float32)
        shrunk = cv2.resize(plate, (size[0] * 2, size[1] * 2), interpolation=cv2.INTER_AREA)
        h, w = shrunk.shape[:2]
        warp = cv2.getPerspectiveTransform(
            np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32), corners
        )
        over = cv2.warpPerspective(shrunk, warp, (320, 240), flags=cv2.INTER_AREA)
        mask = cv2.warpPerspective(np.ones((h, w), np.uint8), warp, (320, 240))
        scene[mask > 0] = over[mask > 0]
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.3, 0.7)), np.uint8)
        scene = jpeg_coded(scene, int(rng.integers(50, 85)), grey=False)
        best = next(iter(locator.locate(scene)), None)
        if best is None:
            continue
        located += 1
        read = reader.read(scene, best).text
        right += read == "".join(text)
        wrong[text[2]] += read != "".join(text)
    print(f"drawn: located {located / plates:.3f}, exact {right / plates:.3f} of {plates}; "
          f"wrong by letter { {k: v for k, v in wrong.items() if v} }")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--locator", type=Path)
    parser.add_argument("--reader", type=Path)
    parser.add_argument("--no-reader", action="store_true")
    parser.add_argument("--drawn", type=int, default=400)
    options = parser.parse_args()
    plates = options.data / "plates"
    locator = OnnxPlateLocator(options.locator)
    reader = None if options.no_reader else OnnxPlateReader(options.reader)
    photos(plates, locator, reader)
    if reader is not None:
        crops(plates, locator, reader)
        drawn(options.drawn, locator, reader)


if __name__ == "__main__":
    main()
