"""Builds a stretch of a kilometre between two cameras, and passages over its lines."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from payesh.contracts import PassageObserved
from payesh.contracts.camera_revision import MarkedLine, Stretch
from payesh.contracts.detect import LineCrossing
from payesh.contracts.values import Certificate, ObjectReference, SegmentLink
from payesh.contracts.vocabulary import LineKind
from tests.support.passage_builder import passage
from tests.support.violation_builder import chained, reference

ENTRY_CAMERA, EXIT_CAMERA = "stretch-entry", "stretch-exit"
ENTRY_LINE = MarkedLine(
    name="begins", kind=LineKind.MEASUREMENT, from_px=(100.0, 300.0), to_px=(500.0, 300.0)
)
EXIT_LINE = MarkedLine(
    name="ends", kind=LineKind.MEASUREMENT, from_px=(120.0, 310.0), to_px=(520.0, 310.0)
)


def stretch(**changes: Any) -> Stretch:
    """A kilometre on which 60 km/h are allowed."""
    now = datetime.now(UTC)
    return Stretch(
        **{
            "name": "kilometre",
            "entry_camera_id": ENTRY_CAMERA,
            "entry_line": ENTRY_LINE,
            "exit_line": EXIT_LINE.name,
            "shortest_way_m": 1000.0,
            "way_u95_m": 2.0,
            "speed_limit_kmh": 60.0,
            "valid_from": now - timedelta(days=30),
            "valid_to": now + timedelta(days=30),
            **changes,
        }
    )


def certificate(now: datetime) -> Certificate:
    return Certificate(
        number="T-1405-29",
        issued_by="سازمان ملی استاندارد",
        valid_from=now - timedelta(days=10),
        valid_to=now + timedelta(days=10),
    )


def crossing_passage(
    line: MarkedLine,
    crossed_at: datetime,
    *,
    camera_id: str,
    crops: Sequence[ObjectReference] = (),
    stretches: Sequence[Stretch] = (),
    segments: Sequence[SegmentLink] = (),
    **changes: Any,
) -> PassageObserved:
    """A car that crossed a line; its plate is in `crops`."""
    made = passage(camera_id=camera_id, captured_at=crossed_at, crops=crops, **changes)
    media = [reference("segments", f"{camera_id}/x/00000000.m4s", b"x", "video/iso.segment")]
    return made.model_copy(
        update={
            "crossings": (
                LineCrossing(line=line, crossed_at=crossed_at, u95_ms=40.0, approaching=True),
            ),
            "stretches": tuple(stretches),
            "segments": tuple(segments) or tuple(chained(made.stream_id, media[0], media)),
            "certificate": certificate(crossed_at),
        }
    )
