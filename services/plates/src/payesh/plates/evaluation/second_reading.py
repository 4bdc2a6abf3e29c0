"""What the second reader adds: accepted reads, those that it contradicts held."""

import time
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from payesh.plates.evaluation.picture_lists import UnsuitableList
from payesh.plates.evaluation.read_figures import ReadPlate, figures, milliseconds
from payesh.plates.handlers.picture_reading import PictureRead
from payesh.plates.ports import SecondReader


class SecondReadings:
    """Reads again what would be accepted, and measures the processor time of it."""

    def __init__(self, reader: SecondReader, least: float) -> None:
        self._reader, self._least = reader, least
        self._spent: list[float] = []

    def text(self, picture: NDArray[np.uint8], found: PictureRead | None) -> str | None:
        """What the second reader reads of a plate that the first one accepts, else None."""
        if found is None or not ReadPlate.of(found).is_accepted(self._least):
            return None
        began = time.thread_time()
        text = self._reader.read_again(picture, found.plate).text
        self._spent.append(time.thread_time() - began)
        return text

    def summary(self, plates: Sequence[ReadPlate]) -> dict[str, Any]:
        """Figures at the operating point, before and after the held reads are taken out."""
        accepted = [each for each in plates if each.is_accepted(self._least)]
        held = [each for each in accepted if each.is_contradicted]
        kept = ("accepted", "accepted_wrong", "accepted_wrong_share", "accepted_wrong_share_95")
        before = figures(plates, self._least)
        after = figures(plates, self._least, held=True)
        return {
            "reader": self._reader.name,
            "ms": milliseconds(self._spent) if self._spent else None,
            "before": {name: before[name] for name in kept},
            "after": {name: after[name] for name in kept},
            "held": len(held),
            "held_wrong": sum(not each.is_exact for each in held),
            "held_reads": [
                {"file": e.file, "label": e.truth, "read": e.text, "second": e.second} for e in held
            ],
        }


def second_readings(least: float) -> SecondReadings:
    """EasyOCR on one thread. Raises UnsuitableList where it is not installed."""
    if find_spec("easyocr") is None:
        raise UnsuitableList("--second needs payesh-plates[easyocr]")
    from payesh.plates.adapters.easyocr_reader import EasyOcrReader

    return SecondReadings(EasyOcrReader(), least)
