"""What the observer needs from outside, each a narrow port."""

from typing import Any, Protocol

from numpy.typing import NDArray

from payesh.detect.domain.detections import Detections
from payesh.detect.vision.frames import Frame

Arrays = dict[str, NDArray[Any]]


class Detector(Protocol):
    """Finds vehicles. One instance serves one stream, because it may remember what it saw."""

    def detect(self, frame: Frame) -> Detections: ...
