"""Builds stored citations as values, without a database; each argument has a lawful default."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from payesh.contracts.tickets import LawReference
from payesh.contracts.values import ClockSource, PlaceClass, RoadClass
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.domain import desk
from payesh.tickets.evidence.record import EvidenceRecord
from tests.support.violation_builder import CAPTURED_AT, CERTIFICATE, reference, speed

DRAFTED_AT = CAPTURED_AT + timedelta(seconds=9)
LAW = LawReference(
    table="fixture-1399",
    table_sha256="f" * 64,
    offence_code="2002",
    decree="a decree",
    amount_rial=2_000_000,
)
EVIDENCE = EvidenceRecord(
    manifest=reference("evidence", "manifest.json", b"{}", "application/json"),
    clip=reference("evidence", "clip.mp4", b"clip", "video/mp4"),
    shots=(),
    others=(),
    viewing_copy=None,
    codec="h264",
    duration_ms=6000,
    place_name="سمنان، بلوار امام رضا",
    latitude=35.577,
    longitude=53.395,
    revision=1,
    links_checked=3,
)


def stored_citation(**changes: Any) -> StoredCitation:
    """A draft of a speed of 99 km/h, read when it was drafted."""
    lawful: dict[str, Any] = {
        "citation_id": uuid4(),
        "violation_id": uuid4(),
        "passage_id": uuid4(),
        "camera_id": "camera-1",
        "county": "semnan",
        "road_class": RoadClass.MAIN_ARTERIAL,
        "place_class": PlaceClass.A,
        "captured_at": CAPTURED_AT,
        "clock_source": ClockSource.RTCP,
        "clock_u95_ms": 12.0,
        "rule": "speeding",
        "vehicle_class": "car",
        "lane": "2",
        "measurement": speed(99.0, 2.1, 60.0),
        "certificate": CERTIFICATE,
        "standing": desk.drafted("12ب34567"),
        "plate_layout": "car",
        "plate_confidence": 0.96,
        "law": LAW,
        "evidence": EVIDENCE,
        "created_at": DRAFTED_AT,
        "now": DRAFTED_AT,
    }
    return StoredCitation(**{**lawful, **changes})
