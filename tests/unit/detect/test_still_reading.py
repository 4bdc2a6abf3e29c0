"""Stills: bombs and damage are refused by their header, no plate is lost, and a device's speed
belongs to no other vehicle."""

import struct
from uuid import UUID

import cv2
import numpy as np
import pytest

from payesh.contracts import SnapshotStored
from payesh.contracts.ingest import DeviceMeasurement
from payesh.contracts.values import ClockSource
from payesh.detect.adapters.stills import decode_still, size_of
from payesh.detect.domain.detections import Detections
from payesh.detect.frames import Bytes
from payesh.detect.ports import StillDetector
from payesh.detect.vision.observations import ObservedPassage, ObservedViolation
from payesh.detect.vision.still_observer import observe_still
from payesh.kit.errors import MessageFault
from tests.unit.detect.box_street import box_revision
from tests.unit.detect.segment_cutter import STARTED_AT, reference, revision_reference

NEAR, BESIDE, FAR = (20, 40, 140, 160), (170, 40, 290, 160), (200, 10, 230, 30)


def _jpeg(width: int = 320, height: int = 200) -> bytes:
    image = np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return bytes(cv2.imencode(".jpg", image)[1].tobytes())


def test_a_photo_decodes_with_the_size_of_its_header() -> None:
    body = _jpeg()
    assert size_of(body) == (320, 200)
    assert decode_still(body).shape == (200, 320, 3)


def test_two_hundred_megapixels_are_refused_before_unpacking() -> None:
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 20_000, 10_000)
    with pytest.raises(MessageFault, match="too large"):
        decode_still(header + b"\x08\x02\x00\x00\x00" + b"\x00" * 64)


@pytest.mark.parametrize(
    "body", [b"", b"GIF89a....", b"\xff\xd8\xff\xe0", _jpeg()[:200], b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_whole_photo_is_a_fault_of_the_message(body: bytes) -> None:
    with pytest.raises(MessageFault):
        decode_still(body)


class Sees:
    """Finds given boxes in any picture: what is tested is what follows from them."""

    def __init__(self, *boxes: tuple[int, int, int, int]) -> None:
        self._found = Detections.of(list(boxes), [0.9] * len(boxes), [0] * len(boxes))

    def detect_bgr(self, bgr: Bytes) -> Detections:
        return self._found


def _measured(body: bytes) -> SnapshotStored:
    revision = box_revision()
    return SnapshotStored(
        camera_id=revision.camera_id,
        county=revision.county,
        road_class=revision.road_class,
        place_class=revision.place_class,
        captured_at=STARTED_AT,
        clock_source=ClockSource.DEVICE,
        clock_u95_ms=20.0,
        revision=revision_reference(revision),
        stream_id=UUID(int=9),
        sequence=0,
        width_px=320,
        height_px=200,
        image=reference("segments", "box-street/still.jpg", body, "image/jpeg"),
        measurement=DeviceMeasurement(
            speed_kmh=101.0, speed_u95_kmh=2.0, measured_at=STARTED_AT, certificate_number="C-1"
        ),
        previous_link_sha256=None,
        link_sha256="0" * 64,
    )


@pytest.mark.parametrize(
    ("detector", "speeds"),
    [
        (Sees(NEAR), [101.0]),
        (Sees(NEAR, BESIDE), [None, None]),
        (Sees(NEAR, FAR), [None]),
        (Sees(FAR), [None]),
        (Sees(), [None]),
        (None, [None]),
    ],
    ids=["alone", "two", "a far one too", "only a far one", "none", "no model"],
)
def test_a_devices_speed_belongs_to_a_vehicle_found_alone_and_to_no_other(
    detector: StillDetector | None, speeds: list[float | None]
) -> None:
    body = _jpeg()
    observed = observe_still(_measured(body), box_revision(), decode_still(body), detector)
    passages = [each for each in observed if isinstance(each, ObservedPassage)]
    broken = {each.passage_id for each in observed if isinstance(each, ObservedViolation)}
    assert [p.speed.speed_kmh if p.speed else None for p in passages] == speeds
    assert [p.passage_id in broken for p in passages] == [s is not None for s in speeds]


def test_a_devices_speed_belongs_to_no_vehicle_of_a_damaged_picture() -> None:
    """Another vehicle may be in the part that cannot be decoded."""
    body = _jpeg()
    event = _measured(body).model_copy(update={"warning": "damaged"})
    [passage] = observe_still(event, box_revision(), decode_still(body), Sees(NEAR))
    assert isinstance(passage, ObservedPassage)
    assert passage.speed is None


@pytest.mark.parametrize(
    ("measured", "boxes", "bottom"),
    [
        (False, [(20, 40, 260, 120)], 200.0),
        (True, [(20, 40, 260, 120)], 120.0),
        (False, [NEAR], 160.0),
        (False, [(20, 40, 260, 120), FAR], 120.0),
    ],
    ids=["fills the picture", "measured", "smaller", "not alone"],
)
def test_a_vehicle_that_fills_the_picture_alone_reaches_its_lower_edge(
    measured: bool, boxes: list[tuple[int, int, int, int]], bottom: float
) -> None:
    body = _jpeg()
    event = _measured(body)
    if not measured:
        event = event.model_copy(update={"measurement": None})
    passage, *_ = observe_still(event, box_revision(), decode_still(body), Sees(*boxes))
    assert isinstance(passage, ObservedPassage)
    box = passage.shots[0].box
    assert box.y_px + box.height_px == bottom
