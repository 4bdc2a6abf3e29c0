"""The junction without pictures: grey frames with its lamps, and boxes where vehicles are."""

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.ingest import SegmentStored
from payesh.detect.adapters.tracker import VehicleTracker
from payesh.detect.domain.detections import VEHICLE_CLASSES, Detections
from payesh.detect.evaluation.rule_films import FilmedVehicle, Offence, RuleFilm
from payesh.detect.frames import Bytes, Frame
from payesh.detect.ports import DecodedPart, Part
from payesh.detect.vision.stream_observer import StreamObserver
from payesh.local.junction.camera_document import FILMED_AT, camera_document
from payesh.local.junction.drawing import places_at
from payesh.local.junction.heads import LAMP_COLOURS
from payesh.local.junction.layout import CAMERA
from payesh.local.junction.production import RULES, true_vehicles
from payesh.local.junction.script import Script
from payesh.local.junction.signal import lamp_at
from tests.unit.detect import scripted_stream

RATE_HZ = 5
SEGMENT_S = 4
_LEAST_PX = 9.0


class TrueBoxes:
    """Finds the vehicles of a script where they are, and remembers nothing."""

    part_name: ClassVar[str] = "detector.true-boxes"
    part_version: ClassVar[int] = 1

    def __init__(self, script: Script) -> None:
        self._script = script

    def detect(self, frame: Frame) -> Detections:
        found = [
            (box, VEHICLE_CLASSES.index(place.actor.vehicle.vehicle_class.value))
            for place in places_at(self._script, frame.time_s)
            if (box := place.box_px(CAMERA)) is not None
            and min(box[2] - box[0], box[3] - box[1]) >= _LEAST_PX
        ]
        return Detections.of(
            [box for box, _ in found], [0.9] * len(found), [class_id for _, class_id in found]
        )

    def memory(self) -> Part:
        return Part(self.part_name, self.part_version)

    def recall(self, part: Part) -> None:
        pass


class LampDecoder:
    """Decodes a segment, whose media is its sequence, to frames that show the signal heads."""

    def __init__(self, revision: CameraRevision) -> None:
        self._heads = revision.signal_heads
        self._luma = np.full((CAMERA.height_px, CAMERA.width_px), 110, np.uint8)

    def open(self, init: bytes) -> None:
        pass

    def decode(self, media: bytes) -> DecodedPart:
        first = int(media) * SEGMENT_S * RATE_HZ
        frames = (self._frame(n / RATE_HZ) for n in range(first, first + SEGMENT_S * RATE_HZ))
        return DecodedPart(first / RATE_HZ, SEGMENT_S, 0.0, True, True, frames)

    def drain(self) -> Iterator[Frame]:
        return iter(())

    def _frame(self, time_s: float) -> Frame:
        planes = [np.full((CAMERA.height_px // 2, CAMERA.width_px // 2), 128, np.uint8)] * 2
        u, v = (plane.copy() for plane in planes)
        for head in self._heads:
            for lamp in head.lamps:
                lit = lamp.state == lamp_at(time_s)
                cb, cr = _chroma(LAMP_COLOURS[lamp.state][0 if lit else 1])
                rows = slice(int(lamp.y_px) // 2, int(lamp.y_px + lamp.height_px) // 2)
                columns = slice(int(lamp.x_px) // 2, int(lamp.x_px + lamp.width_px) // 2)
                u[rows, columns], v[rows, columns] = cb, cr
        return Frame(self._luma, u, v, time_s)


def junction_revision() -> CameraRevision:
    """The camera that arms every rule."""
    return CameraRevision.model_validate_json(json.dumps(camera_document("junction")))


def junction_observer(revision: CameraRevision, script: Script) -> StreamObserver:
    """An observer to which the vehicles are known; everything else is as in production."""
    return StreamObserver(
        revision,
        TrueBoxes(script),
        new_decoder=partial(LampDecoder, revision),
        new_tracker=VehicleTracker,
    )


def junction_segments(
    revision: CameraRevision, script: Script
) -> list[tuple[SegmentStored, bytes]]:
    """The film's segments, whose media are their numbers."""
    count = round(script.duration_s / SEGMENT_S)
    segments = []
    for number in range(count):
        media = str(number).encode()
        event = scripted_stream.segment(revision, number, media, RATE_HZ)
        changes = {
            "captured_at": FILMED_AT + timedelta(seconds=number * SEGMENT_S),
            "duration_ms": 1000 * SEGMENT_S,
            "frame_count": SEGMENT_S * RATE_HZ,
            "last_in_stream": number == count - 1,
        }
        segments.append((event.model_copy(update=changes), media))
    return segments


def junction_film(revision: CameraRevision, script: Script) -> RuleFilm:
    """The film's truth."""
    vehicles = []
    for each in true_vehicles(script):
        table = np.array([(time_s, *box) for time_s, box in each.boxes])
        offences = tuple(Offence(o.rule, o.from_s, o.to_s, o.marginal) for o in each.broke)
        vehicles.append(
            FilmedVehicle(
                each.vehicle_id, each.vehicle_class, each.role, offences, table[:, 0], table[:, 1:]
            )
        )
    return RuleFilm("junction", "drawn", Path("none"), revision, FILMED_AT, RULES, tuple(vehicles))


def _chroma(bgr: tuple[int, int, int]) -> tuple[int, int]:
    pixel: Bytes = np.full((2, 2, 3), bgr, np.uint8)
    planes = cv2.cvtColor(pixel, cv2.COLOR_BGR2YUV_I420)
    return int(planes[2, 0]), int(planes[2, 1])
