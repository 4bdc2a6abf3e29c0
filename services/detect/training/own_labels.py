"""What a trained detector finds on the pictures that nobody labelled, or not to the horizon, at a
larger canvas than it runs at: on the picture and its mirror image, merged. It knows two-wheelers,
which the teacher mostly misses.

python own_labels.py --work WORK --weights WEIGHTS.pt [--pixels 921600]
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from boxes import suppress
from network import Detector, decode
from pictures import load, pixels
from teacher_labels import LOWEST, fused, mirrored

_GROUPS = ("frame", "clip", "photo", "man", "atl")
# Kind of each class of the detector: 0 to 2 are the teacher's, 3 and 4 are named here.
KINDS = np.array([0, 0, 0, 3, 4, 1], np.float32)
_SAME = 0.55
_MOST = 600


class OwnDetector:
    """Averaged weights in float, on a canvas of `area` pixels; boxes as fractions."""

    def __init__(self, weights: Path, area: int) -> None:
        self._detector, self._area = Detector().eval(), area
        state = torch.load(weights, weights_only=True)["averaged"]
        self._detector.load_state_dict({k: v.float() for k, v in state.items()})
        self._detector.final = True

    def view(self, image: np.ndarray) -> np.ndarray:
        """(n, 6): x1, y1, x2, y2, score, kind."""
        scale = (self._area / (image.shape[0] * image.shape[1])) ** 0.5
        high, wide = (max(32, round(s * scale / 32) * 32) for s in image.shape[:2])
        shown = cv2.resize(image, (wide, high), interpolation=cv2.INTER_LINEAR)
        batch = torch.from_numpy(shown.transpose(2, 0, 1)[None].astype(np.float32))
        with torch.no_grad():
            raw = self._detector(batch)
            boxes = decode(raw, high, wide)[0].numpy() / np.array([wide, high] * 2, np.float32)
        known = raw[0, :, 4:].numpy()
        score = known[:, 0] * known[:, 1:].max(1)
        order = np.flatnonzero(score >= LOWEST)
        order = order[np.argsort(-score[order], kind="stable")][:_MOST]
        kinds = KINDS[known[order, 1:].argmax(1)]
        rows = np.concatenate([boxes[order], score[order, None], kinds[:, None]], 1)
        return rows[suppress(rows, rows[:, 4], _SAME)].astype(np.float32)

    def merged(self, image: np.ndarray) -> np.ndarray:
        """As `view`, the score the mean over the picture and its mirror image."""
        whole = [self.view(image), mirrored(self.view(np.ascontiguousarray(image[:, ::-1])))]
        kinds = np.unique(KINDS)
        return np.concatenate([fused([v[v[:, 5] == kind] for v in whole], []) for kind in kinds])


def label(work: Path, weights: Path, area: int) -> None:
    """Write `own.npz`, or the rest of it; nothing if it is whole."""
    pictures, memory, manifest = load(work)
    path, found = work / "own.npz", {"manifest": np.array(manifest)}
    if path.exists():
        with np.load(path) as old:
            if str(old["manifest"]) == manifest:
                found = dict(old)
    missing = [p for p in pictures if p.name not in found and p.group in _GROUPS]
    np.random.default_rng(3).shuffle(missing)
    detector = OwnDetector(weights, area)
    for done, picture in enumerate(missing, 1):
        image = np.ascontiguousarray(pixels(picture, memory))
        found[picture.name] = detector.merged(image)
        if done % 100 == 0 or done == len(missing):
            np.savez_compressed(work / "own.tmp.npz", allow_pickle=False, **found)
            (work / "own.tmp.npz").replace(path)
            print(f"own: {done} of {len(missing)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--pixels", type=int, default=921_600, help="area of the canvas")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    label(options.work, options.weights, options.pixels)


if __name__ == "__main__":
    main()
