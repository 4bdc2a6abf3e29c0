"""Builds an average speed between two cameras, with everything that proves it in a store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from payesh.contracts import PassageObserved, PlateRead, ViolationDetected
from payesh.contracts.camera_revision import CameraRevision, MarkedLine
from payesh.contracts.values import Certificate, ObjectReference
from payesh.plates.adapters.stretch_crossings import StoredCrossing
from payesh.plates.domain.average_speed import average_speed
from payesh.plates.handlers.stretch_event import average_speed_violation
from payesh.plates.handlers.stretches import crossed_of, stretch_of
from tests.support.passage_builder import PROVENANCE
from tests.support.revision_builder import revision
from tests.support.stretch_builder import (
    ENTRY_CAMERA,
    ENTRY_LINE,
    EXIT_CAMERA,
    EXIT_LINE,
    crossing_passage,
    stretch,
)
from tests.support.violation_builder import CAPTURED_AT, CERTIFICATE, chained, plate_read

CLIP = b"init" * 9, [bytes([number]) * 99 for number in range(3)]
TOOK_S = 36.0
"""A kilometre in this: 100 km/h."""


class Store(Protocol):
    async def put(
        self, bucket: str, key: str, data: bytes, *, media_type: str
    ) -> ObjectReference: ...


@dataclass(frozen=True)
class AverageSpeedCase:
    """The violation and both of its reads, the entry's first."""

    violation: ViolationDetected
    reads: tuple[PlateRead, PlateRead]


async def average_speed_case(
    store: Store,
    *,
    plate: str = "12ب34567",
    entry_plate: str | None = None,
    confidences: tuple[float, float] = (0.93, 0.96),
    certificates: tuple[Certificate | None, Certificate | None] = (CERTIFICATE, CERTIFICATE),
    clip: tuple[bytes, list[bytes]] = CLIP,
    took_s: float = TOOK_S,
    pictures: tuple[Sequence[bytes], Sequence[bytes]] = ((b"entry 0", b"entry 1"), (b"0", b"1")),
    county: str = "semnan",
) -> AverageSpeedCase:
    """Of a car that drove a kilometre, on which 60 km/h are allowed. `clip` is init and media;
    `pictures` are of the entry, then of the exit."""
    ends = stretch(valid_from=CAPTURED_AT - timedelta(days=9),
                   valid_to=CAPTURED_AT + timedelta(days=9))  # fmt: skip
    entry = await _passage(
        store, ENTRY_CAMERA, ENTRY_LINE, CAPTURED_AT - timedelta(seconds=took_s),
        certificates[0], clip, pictures[0], county, stretches=(),
    )  # fmt: skip
    left = await _passage(
        store,
        EXIT_CAMERA,
        EXIT_LINE,
        CAPTURED_AT,
        certificates[1],
        clip,
        pictures[1],
        county,
        stretches=(ends,),
    )
    [entered], [crossing] = entry.crossings, left.crossings
    passings = [
        crossed_of(
            StoredCrossing(
                passage.passage_id, passage.camera_id, crossed, passage.clock_u95_ms,
                True, "car", plate, True,
            )
        ).passing
        for passage, crossed in ((entry, entered), (left, crossing))
    ]  # fmt: skip
    speed = average_speed(stretch_of(ends, EXIT_CAMERA).way, *passings)
    assert speed is not None
    violation = average_speed_violation(ends, (entry, entered), (left, crossing), speed, PROVENANCE)
    texts = (plate if entry_plate is None else entry_plate, plate)
    reads = [
        plate_read(violation, text, confidence=confidence).model_copy(
            update={
                "passage_id": passage.passage_id,
                "camera_id": passage.camera_id,
                "captured_at": passage.captured_at,
                "stream_id": passage.stream_id,
            }
        )
        for passage, text, confidence in zip((entry, left), texts, confidences, strict=True)
    ]
    return AverageSpeedCase(violation, (reads[0], reads[1]))


async def _passage(
    store: Store,
    camera_id: str,
    line: MarkedLine,
    crossed_at: datetime,
    certificate: Certificate | None,
    clip: tuple[bytes, list[bytes]],
    pictures: Sequence[bytes],
    county: str,
    **changes: Any,
) -> PassageObserved:
    own = f"{camera_id}-{uuid4().hex[:8]}"
    document = _revision(camera_id, line, certificate, county=county, **changes)
    kept = await store.put(
        "revisions", f"{camera_id}/1.json", document.model_dump_json().encode(),
        media_type="application/json",
    )  # fmt: skip
    init = await store.put("segments", f"{own}/init.mp4", clip[0], media_type="video/mp4")
    media = [
        await store.put("segments", f"{own}/{n:08}.m4s", body, media_type="video/iso.segment")
        for n, body in enumerate(clip[1])
    ]
    crops = [
        await store.put("shots", f"{own}/{n}.jpg", picture, media_type="image/jpeg")
        for n, picture in enumerate(pictures)
    ]
    made = crossing_passage(
        line, crossed_at, camera_id=camera_id, crops=crops, county=county, **changes
    )
    off = crossed_at - CAPTURED_AT
    links = chained(made.stream_id, init, media, revision_sha256=kept.sha256, moved_by=off)
    return made.model_copy(
        update={
            "segments": tuple(links),
            "certificate": certificate,
            "revision": made.revision.model_copy(update={"sha256": kept.sha256, "object": kept}),
        }
    )


def _revision(
    camera_id: str, line: MarkedLine, certificate: Certificate | None, **changes: Any
) -> CameraRevision:
    return revision(
        camera_id=camera_id,
        name=f"کیلومتر {camera_id}",
        lines=(line,),
        signal_heads=(),
        certificate=certificate,
        **changes,
    )
