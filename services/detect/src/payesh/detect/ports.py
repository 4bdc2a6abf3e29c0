"""What the observer needs from outside, each a narrow port."""

from typing import Any, Protocol

from numpy.typing import NDArray

from payesh.contracts.values import ModelReference
from payesh.detect.domain.detections import Detections
from payesh.detect.frames import Frame

Arrays = dict[str, NDArray[Any]]


class Detector(Protocol):
    """Finds vehicles. One instance serves one stream, because it may remember what it saw."""

    def detect(self, frame: Frame) -> Detections: ...


class RememberingDetector(Detector, Protocol):
    """A detector whose memory belongs into the checkpoint."""

    def memory(self) -> Arrays: ...

    def recall(self, memory: Arrays) -> None: ...


class DetectorFactory(Protocol):
    """Gives a detector for what a revision asks for, with the models it rests on."""

    def __call__(self, revision: Any) -> tuple[Detector, tuple[ModelReference, ...]]: ...
