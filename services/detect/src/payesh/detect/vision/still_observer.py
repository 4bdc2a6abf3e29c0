"""A still in, its passages and violations out."""

from payesh.contracts import SnapshotStored
from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.event import deterministic_id
from payesh.contracts.values import SegmentLink
from payesh.contracts.vocabulary import PassageEnd
from payesh.detect.domain.detections import UNKNOWN, VEHICLE_CLASSES, Detections
from payesh.detect.domain.rules import speeding
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.speed import SpeedEstimate
from payesh.detect.frames import Bytes, encode_jpeg, sharpness
from payesh.detect.ports import StillDetector
from payesh.detect.vision.observations import ObservedPassage, ObservedShot, ObservedViolation
from payesh.detect.vision.pictures import MARGIN, box_of
from payesh.detect.vision.scenes import scene_of

LEGIBLE_WIDTH_PX = 60.0
"""A narrower vehicle shows its plate on a dozen pixels, which is not legible."""
_LARGEST_VEHICLES = 20
_FILLS_THE_PICTURE = 0.5
"""Of its width."""


def observe_still(
    event: SnapshotStored, revision: CameraRevision, bgr: Bytes, detector: StillDetector | None
) -> list[ObservedPassage | ObservedViolation]:
    """A passage for each vehicle wide enough to read, each followed by its violation. One passage
    of the whole frame when there is none, so that a plate is read although the detector does not
    see its vehicle.

    The device's measurement belongs to a vehicle only when the detector saw exactly one, of any
    size: with several, or with none, it is not known which vehicle was measured. Nor is it known
    where a part of the picture cannot be decoded (`warning`): another vehicle may be in it.
    """
    seen = detector.detect_bgr(bgr) if detector is not None else Detections.of([], [], [])
    found = _legible(seen)
    if event.measurement is None and len(seen) == len(found) == 1:
        found = _to_the_ground(found, bgr.shape[1], bgr.shape[0])
    whole = Detections.of([[0, 0, bgr.shape[1], bgr.shape[0]]], [0.0], [UNKNOWN])
    vehicles = found if len(found) else whole
    alone = len(seen) == len(found) == 1 and event.warning is None
    speed = _device_speed(event) if alone else None
    observed: list[ObservedPassage | ObservedViolation] = []
    for row in range(len(vehicles)):
        passage = _passage(event, bgr, vehicles, row, speed)
        observed += [passage, *_violations(event, passage, scene_of(revision))]
    return observed


def _legible(seen: Detections) -> Detections:
    wide = seen.xyxy[:, 2] - seen.xyxy[:, 0] >= LEGIBLE_WIDTH_PX
    found = seen.take(wide.nonzero()[0])
    # From left to right, so that the ordinal and with it the id rests on the picture alone.
    best = found.take((-found.score).argsort(kind="stable")[:_LARGEST_VEHICLES])
    return best.take(best.xyxy[:, 0].argsort(kind="stable"))


def _to_the_ground(alone: Detections, width_px: int, height_px: int) -> Detections:
    """The box of a vehicle that is alone and fills the picture, down to the picture's lower edge:
    detectors often box its upper half, and its plate lies below. Not done with a measured speed,
    which must not rest on a box that was stretched."""
    left, top, right, _ = alone.xyxy[0]
    if right - left <= _FILLS_THE_PICTURE * width_px:
        return alone
    return Detections.of([[left, top, right, height_px]], alone.score, alone.class_id)


def _passage(
    event: SnapshotStored,
    bgr: Bytes,
    vehicles: Detections,
    row: int,
    speed: SpeedEstimate | None,
) -> ObservedPassage:
    left, top, right, bottom = vehicles.box(row)
    wide, high = MARGIN * (right - left), MARGIN * (bottom - top)
    columns = max(0, round(left - wide)), min(bgr.shape[1], round(right + wide))
    rows = max(0, round(top - high)), min(bgr.shape[0], round(bottom + high))
    crop = bgr[rows[0] : rows[1], columns[0] : columns[1]]
    shot = ObservedShot(
        sequence=event.sequence,
        frame_at=event.captured_at,
        box=box_of((left, top, right, bottom)),
        crop_box=box_of((columns[0], rows[0], columns[1], rows[1])),
        crop_jpeg=encode_jpeg(crop),
        sharpness=round(sharpness(crop[:, :, 1]), 3),
    )
    return ObservedPassage(
        passage_id=deterministic_id("passage", event.stream_id, event.sequence, 0, row),
        captured_at=event.captured_at,
        first_seen_at=event.captured_at,
        last_seen_at=event.captured_at,
        clock_source=event.clock_source,
        clock_u95_ms=event.clock_u95_ms,
        ended_by=PassageEnd.STILL,
        vehicle_class=VEHICLE_CLASSES[int(vehicles.class_id[row])],
        confidence=float(vehicles.score[row]),
        lane=None,
        speed=speed,
        shots=(shot,),
    )


def _violations(
    event: SnapshotStored, passage: ObservedPassage, scene: Scene
) -> list[ObservedViolation]:
    """Speeding is the one rule that a device judges; its evidence is the still itself."""
    limit_kmh = scene.speed_limit_kmh(passage.vehicle_class, passage.lane, event.captured_at)
    broken = speeding.exceeded(passage.speed, limit_kmh)
    if broken is None:
        return []
    link = SegmentLink(
        stream_id=event.stream_id,
        sequence=event.sequence,
        fencing_token=0,  # a series of stills has no lease
        captured_at=event.captured_at,
        duration_ms=0,
        init=None,
        media=event.image,
        previous_link_sha256=event.previous_link_sha256,
        link_sha256=event.link_sha256,
    )
    return [
        ObservedViolation(
            passage_id=passage.passage_id,
            rule=speeding.NAME,
            captured_at=event.captured_at,
            clock_source=event.clock_source,
            clock_u95_ms=event.clock_u95_ms,
            vehicle_class=passage.vehicle_class,
            confidence=passage.confidence,
            lane=passage.lane,
            measurement=broken,
            links=(link,),
        )
    ]


def _device_speed(event: SnapshotStored) -> SpeedEstimate | None:
    if event.measurement is None:
        return None
    return SpeedEstimate(
        speed_kmh=event.measurement.speed_kmh,
        speed_u95_kmh=event.measurement.speed_u95_kmh,
        positions=0,
        travelled_m=0.0,
    )
