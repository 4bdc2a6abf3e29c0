"""Figures of one detector over labelled pictures, by source."""

import time
from dataclasses import dataclass, field
from typing import Any, Protocol

import cv2
import numpy as np

from payesh.detect.domain.detections import VEHICLE_CLASSES, Detections
from payesh.detect.evaluation.average_precision import Tally
from payesh.detect.evaluation.labelled_pictures import (
    IGNORED,
    LABEL_CLASSES,
    UNKNOWN_VEHICLE,
    Labels,
)
from payesh.detect.frames import Bytes

LOWEST_SCORE = 0.01
ANY = "any"
_MEASURED = ("car", "bus", "truck", "motorcycle")
_BICYCLE = LABEL_CLASSES.index("bicycle")
_TRUTHS = (*(LABEL_CLASSES.index(name) for name in _MEASURED), UNKNOWN_VEHICLE)
_FEW = 5
"""With fewer truths of a class a figure says nothing."""
_TIMED_RUNS = 20
_TIMED_SIZE = (1920, 1080)


class FindsVehicles(Protocol):
    """A detector at any threshold."""

    def detect_bgr(self, bgr: Bytes, minimum_confidence: float | None = None) -> Detections:
        """Vehicles in a picture (h, w, 3), BGR."""


@dataclass(slots=True)
class SourceFigures:
    """One source's counts: any vehicle, and the classes that detectors and labels share."""

    pictures: int = 0
    tallies: dict[str, Tally] = field(
        default_factory=lambda: {name: Tally() for name in (ANY, *_MEASURED)}
    )

    def add(self, found: Detections, labels: Labels) -> tuple[int, int]:
        """Count one picture; returns how many vehicles it shows, and how many were found."""
        self.pictures += 1
        wanted = labels.of(_TRUTHS)
        hit = self.tallies[ANY].add(found, wanted, labels.of((_BICYCLE, IGNORED)))
        for name in _MEASURED:
            own = found.take(found.class_id == VEHICLE_CLASSES.index(name))
            self.tallies[name].add(
                own, labels.of((LABEL_CLASSES.index(name),)), labels.of((UNKNOWN_VEHICLE, IGNORED))
            )
        return len(wanted), int(hit.sum())

    def summary(self) -> dict[str, Any]:
        """AP at overlap 0.5 by class, and recall of any vehicle at a false box per ten pictures."""
        everything = self.tallies[ANY]
        return {
            "pictures": self.pictures,
            "vehicles": everything.truths,
            "recall_at_0.1_false": _rounded(everything.recall(self.pictures / 10)),
            "ap50": {
                name: _rounded(tally.average_precision())
                for name, tally in self.tallies.items()
                if tally.truths >= _FEW
            },
        }


def processor_ms(detector: FindsVehicles, picture: Bytes) -> float:
    """Processor time of one 1080p frame on the calling thread, the least of several runs, in ms.

    `picture` (h, w, 3) is stretched to that size.
    """
    frame = np.asarray(cv2.resize(picture, _TIMED_SIZE), np.uint8)
    spent = []
    for _ in range(_TIMED_RUNS):
        began = time.thread_time()
        detector.detect_bgr(frame)
        spent.append(time.thread_time() - began)
    return round(min(spent) * 1e3, 2)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
