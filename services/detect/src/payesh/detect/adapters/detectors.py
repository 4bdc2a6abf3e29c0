"""The detector that a revision asks for."""

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import ModelReference
from payesh.contracts.vocabulary import DetectorKind
from payesh.detect.adapters.gated_detector import GatedDetector
from payesh.detect.adapters.models import ModelFolder, ModelMissing
from payesh.detect.adapters.motion_detector import MotionDetector
from payesh.detect.adapters.onnx_detector import OnnxDetector, UnsuitableModel
from payesh.detect.adapters.providers import Provider, session_providers
from payesh.detect.domain.detections import Detections, pairwise_iou
from payesh.detect.frames import Bytes
from payesh.detect.ports import Detector
from payesh.kit.errors import MessageFault

_STILL_CONFIDENCE = 0.1
"""On a still a false box costs one unreadable read, a missed one costs the vehicle."""
_SAME_IOU = 0.3


class Detectors:
    """Sessions are shared between cameras, memories are not."""

    def __init__(
        self, models: ModelFolder, *, threads: int = 1, provider: Provider = Provider.CPU
    ) -> None:
        """Raises ProviderMissing: before the first stream asks for a network."""
        session_providers(provider)
        self._models = models
        self._threads = threads
        self._provider = provider
        self._loaded: dict[str | None, tuple[OnnxDetector, ModelReference]] = {}

    def for_stream(self, revision: CameraRevision) -> tuple[Detector, tuple[ModelReference, ...]]:
        """A detector of the stream's own, with the models it rests on.

        Raises MessageFault when this deployment lacks the model.
        """
        asked = revision.detection
        if asked.kind == DetectorKind.MOTION:
            return MotionDetector(), ()
        if asked.kind not in (DetectorKind.ONNX, DetectorKind.GATED):
            raise MessageFault(f"no detector of the kind {asked.kind}", retry=False)
        detector, reference = self._load(asked.model)
        if asked.kind == DetectorKind.GATED:
            return GatedDetector(detector, asked.minimum_confidence), (reference,)
        return detector.with_confidence(asked.minimum_confidence), (reference,)

    def for_stills(
        self, revision: CameraRevision
    ) -> tuple["StillViews", tuple[ModelReference, ...]] | None:
        """Nothing moves in a still: always learned weights; None when there are none."""
        try:
            detector, reference = self._load(revision.detection.model)
        except MessageFault:
            return None
        return StillViews(detector), (reference,)

    def _load(self, name: str | None) -> tuple[OnnxDetector, ModelReference]:
        if name not in self._loaded:
            try:
                body, reference = self._models.load(name)
                detector = OnnxDetector(
                    body,
                    minimum_confidence=_STILL_CONFIDENCE,
                    threads=self._threads,
                    provider=self._provider,
                )
            except (ModelMissing, UnsuitableModel) as error:
                raise MessageFault(str(error), retry=False) from error
            self._loaded[name] = (detector, reference)
        return self._loaded[name]


class StillViews:
    """Two looks at a picture: a vehicle that fills it is found in the smaller view, one that is far
    away in the larger. A box inside another stays: it may be a second vehicle, and then the
    device's measurement belongs to neither."""

    def __init__(self, detector: OnnxDetector) -> None:
        self._detector = detector

    def detect_bgr(self, bgr: Bytes) -> Detections:
        """What is near, then what the larger view alone shows; each best first."""
        near = self._detector.detect_bgr(bgr, near=True)
        far = self._detector.detect_bgr(bgr)
        if not len(near):
            return far
        same = pairwise_iou(far.xyxy, near.xyxy).max(axis=1) > _SAME_IOU
        return near.followed_by(far.take(~same))
