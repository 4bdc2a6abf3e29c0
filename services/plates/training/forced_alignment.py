"""Where each character of a known text stands in a plate, from a trained reader's output."""

import numpy as np
from picture_files import Picture

from payesh.contracts.plate_text import split_characters
from payesh.plates.adapters.onnx_reader import CLASSES, cut_plate
from payesh.plates.adapters.packaged_model import PackagedModel
from payesh.plates.domain.located_plate import LocatedPlate

TURNS_DEG = (-18.0, -12.0, -6.0, 0.0, 6.0, 12.0, 18.0)
_GROWN_X = 1.12
_LEAST_LOG_LIKELIHOOD = -12.0
_DOUBT_PER_DEGREE = 0.08
"""A turn must explain the plate this much better: upright plates are read turned a little too."""
_LATE = 0.01
"""CTC emits a character after its middle, by this share of the plate's width (drawn plates)."""


def aligned(log_columns: np.ndarray, ids: list[int]) -> tuple[float, list[float]]:
    """The likeliest CTC path that spells `ids`: its log likelihood and each character's mean step.

    `log_columns` (steps, classes) are log probabilities, class 0 being the blank (Viterbi).
    """
    states = [0]
    for identity in ids:
        states += [identity, 0]
    steps, count = len(log_columns), len(states)
    score = np.full(count, -np.inf)
    score[:2] = log_columns[0, states[:2]]
    back = np.zeros((steps, count), int)
    for t in range(1, steps):
        ways = np.full((3, count), -np.inf)
        ways[0] = score
        ways[1, 1:] = score[:-1]
        for s in range(3, count, 2):
            if states[s] != states[s - 2]:
                ways[2, s] = score[s - 2]
        back[t] = ways.argmax(0)
        score = ways.max(0) + log_columns[t, states]
    state = count - 1 if score[-1] >= score[-2] else count - 2
    total = float(score[state])
    found: dict[int, list[int]] = {}
    for t in range(steps - 1, -1, -1):
        if state % 2:
            found.setdefault(state // 2, []).append(t)
        state -= back[t, state]
    return total, [float(np.mean(found[k])) for k in range(len(ids))]


class Aligner:
    """Finds the places of known characters with the packaged reader."""

    def __init__(self) -> None:
        self._model = PackagedModel(None, "plate_reader.onnx", 1)

    def places(self, image: Picture, box: LocatedPlate, text: str) -> np.ndarray | None:
        """Centres (8, 2) of the characters of `text` in pixels of the picture `image` (BGR).

        None where the reader can't find them: most such labels or boxes are wrong.
        """
        characters = split_characters(text)
        if len(characters) != 8:
            return None
        cuts = np.stack([cut_plate(image, box, turn) for turn in TURNS_DEG])[:, None]
        logits = self._model.run(cuts.astype(np.float32) / np.float32(255))
        logs = logits - np.log(np.exp(logits).sum(2, keepdims=True))
        ids = [CLASSES.index(c) for c in characters]
        paths = [
            (*aligned(columns, ids), turn) for columns, turn in zip(logs, TURNS_DEG, strict=True)
        ]
        total, steps, turn = max(paths, key=lambda p: p[0] - _DOUBT_PER_DEGREE * abs(p[2]))
        if total < _LEAST_LOG_LIKELIHOOD:
            return None
        middle = (np.array(steps) + 0.5) / logs.shape[1] - 0.5
        along = (middle * _GROWN_X - _LATE) * box.width
        radians = np.radians(turn)
        x = box.x + box.width / 2 + along * np.cos(radians)
        y = box.y + box.height / 2 + along * np.sin(radians)
        return np.stack([x, y], 1)
