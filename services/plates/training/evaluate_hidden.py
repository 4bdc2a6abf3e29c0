"""Measure what a reader does with plates that cannot be read: one character covered, dirt,
photographic negatives. Pictures are made from dev plates with fixed seeds.

    python evaluate_hidden.py --data DATA [--reader R.onnx] [--places PLACES.json]

PLACES.json keeps where the characters stand, so that two readers are measured on the same pictures.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from forced_alignment import Aligner
from numpy.typing import NDArray
from picture_files import Picture, read_colour

from payesh.contracts.plate_text import split_characters
from payesh.plates.adapters.onnx_locator import OnnxPlateLocator
from payesh.plates.adapters.onnx_reader import OnnxPlateReader
from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.reading import LEAST_READ, UNREADABLE

_LEAST_READ = 0.2  # the service's `minimum_confidence`


def dev_plates(plates: Path) -> Iterator[tuple[str, Picture, LocatedPlate, str]]:
    """Name, picture, box and text of every dev crop; `anajar` boxes are located."""
    locator = OnnxPlateLocator()
    for line in (plates / "crops_dev.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        file, text, source = line.split("\t")
        image = read_colour(plates / file)
        whole = LocatedPlate(0.0, 0.0, float(image.shape[1]), float(image.shape[0]), 1.0)
        found = [whole] if source == "roozbeh" else locator.locate(image)
        if found:
            yield file, image, found[0], text


def with_cover(image: Picture, box: LocatedPlate, centre: tuple[float, float], letter: bool,
               rng: np.random.Generator) -> Picture:  # fmt: skip
    """A copy in which the character at `centre` is wholly covered by one of four materials."""
    plate_height = min(box.height, box.width * 0.21)
    w = box.width * (0.075 if letter else 0.05)
    h = plate_height * 0.42
    x, y = centre
    mask: NDArray[np.float32] = np.zeros(image.shape[:2], np.float32)
    if rng.random() < 0.5:
        cv2.ellipse(mask, (round(x), round(y)), (round(w * 1.15), round(h * 1.1)), 0, 0, 360, 1, -1)
    else:
        cv2.rectangle(mask, (round(x - w), round(y - h)), (round(x + w), round(y + h)), 1, -1)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.7), np.float32)[..., None]
    inside = image[max(0, int(box.y)) : int(box.y + box.height),
                   max(0, int(box.x)) : int(box.x + box.width)]  # fmt: skip
    material = int(rng.integers(4))
    if material == 0:  # paper
        tone = np.percentile(inside.reshape(-1, 3), 80, axis=0)
    elif material == 1:  # mud
        tone = np.array([60.0, 85.0, 105.0]) * rng.uniform(0.6, 1.3)
    elif material == 2:  # glare
        tone = np.array([250.0, 250.0, 250.0])
    else:  # tape
        tone = np.full(3, rng.uniform(10, 60))
    grain = rng.normal(0, 4, (*image.shape[:2], 1))
    return np.clip(image + (tone + grain - image) * soft, 0, 255).astype(np.uint8)


def kind_of(text: str, truth: tuple[str, ...], confidence: float, hidden: int | None) -> list[str]:
    """What a reading of a plate is, with place `hidden` covered (None: nothing can be read)."""
    hides = text.count(UNREADABLE)
    if not text or hides > 2 or confidence < _LEAST_READ:
        return ["unreadable"]
    if not hides and confidence < LEAST_READ:
        return ["ambiguous", "ambiguous text"]
    if not hides:
        right = text == "".join(truth)
        kinds = ["read", "read right" if right else "read wrong"]
        return kinds + [
            f"wrong >= {limit}" for limit in (0.5, 0.8) if confidence >= limit and not right
        ]
    expected = tuple(UNREADABLE if n == hidden else c for n, c in enumerate(truth))
    return [
        "ambiguous",
        "ambiguous as it is" if text == "".join(expected) else "ambiguous otherwise",
    ]


def show(name: str, counts: Counter[str], total: int) -> None:
    print(f"{name} of {total}: " + ", ".join(f"{k} {v}" for k, v in sorted(counts.items())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--reader", type=Path)
    parser.add_argument("--places", type=Path)
    options = parser.parse_args()
    known: dict[str, list[list[float]] | None] = {}
    if options.places and options.places.exists():
        known = json.loads(options.places.read_text(encoding="utf-8"))
    aligner = None if known else Aligner()
    reader = OnnxPlateReader(options.reader)
    counts: dict[str, Counter[str]] = {k: Counter() for k in ("plain", "covered", "negative")}
    totals = Counter[str]()
    rng = np.random.default_rng(77)
    for name, image, box, text in dev_plates(options.data / "plates"):
        truth = split_characters(text)
        if aligner is not None:
            found = aligner.places(image, box, text)
            known[name] = None if found is None else found.tolist()
        places = known[name]
        reading = reader.read(image, box)
        counts["plain"].update(kind_of(reading.text, truth, reading.confidence, None))
        totals["plain"] += 1
        reading = reader.read(255 - image, box)
        counts["negative"].update(kind_of(reading.text, truth, reading.confidence, None))
        totals["negative"] += 1
        slots = rng.permutation(8)[:2].tolist()
        for slot in slots:
            draws = np.random.default_rng([slot, totals["plain"]])
            if places is None:
                continue
            covered = with_cover(image, box, (places[slot][0], places[slot][1]), slot == 2, draws)
            reading = reader.read(covered, box)
            counts["covered"].update(kind_of(reading.text, truth, reading.confidence, slot))
            totals["covered"] += 1
    for name, count in counts.items():
        show(name, count, totals[name])
    if options.places and aligner is not None:
        options.places.write_text(json.dumps(known), encoding="utf-8")


if __name__ == "__main__":
    main()
