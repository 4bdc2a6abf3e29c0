"""A camera as its recorder is given it, and records as the spool holds them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from payesh.contracts.values import (
    ClockSource,
    ObjectReference,
    PlaceClass,
    RevisionReference,
    RoadClass,
)
from payesh.contracts.vocabulary import GapReason, HealthCondition
from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.source_secrets import StoredSource
from payesh.ingest.adapters.spool_records import (
    Assignment,
    GapRecord,
    HealthRecord,
    RecordedVideo,
    SegmentRecord,
)

CAMERA = "cam-1"
PLACE = Place("tehran", RoadClass.HIGHWAY, PlaceClass.A)
AT = datetime(2026, 1, 1, 10, tzinfo=UTC)
STREAM = UUID("6a0d6f0e-8f0b-5f0e-9d3c-9a2c1f1f7b11")
DIGEST = "0" * 64
REVISION = RevisionReference(
    revision=1,
    sha256=DIGEST,
    object=ObjectReference(
        bucket="revisions", key="cam-1/1.json", version_id=None, sha256=DIGEST,
        size_bytes=1, media_type="application/json",
    ),
)  # fmt: skip


def assignment(**changes: Any) -> Assignment:
    fields: dict[str, Any] = {
        "camera_id": CAMERA,
        "token": 1,
        "source": StoredSource("rtsp://camera.test/", None, None),
        "place": PLACE,
        "revision": REVISION,
        "known_until": datetime.now(UTC),
        "last_link_sha256": None,
        "last_stream_id": None,
        "last_sequence": None,
        "holder": "me",
    }
    return Assignment(**{**fields, **changes})


def segment(sequence: int = 0, **changes: Any) -> SegmentRecord:
    fields: dict[str, Any] = {
        "stream_id": STREAM,
        "sequence": sequence,
        "fencing_token": 1,
        "captured_at": AT + timedelta(seconds=2 * sequence),
        "ended_at": AT + timedelta(seconds=2 * sequence + 2),
        "clock_source": ClockSource.RTCP,
        "clock_u95_ms": 100.0,
        "duration_ms": 2000,
        "frame_count": 50,
        "repaired_timestamps": 0,
        "video": RecordedVideo(codec="h264", width_px=64, height_px=64),
        "init_sha256": DIGEST,
        "media_sha256": DIGEST,
        "revision": REVISION,
        "previous_link_sha256": None,
        "link_sha256": DIGEST,
        "last_in_stream": False,
        **PLACE.fields(),
    }
    return SegmentRecord(**{**fields, **changes})


def gap(**changes: Any) -> GapRecord:
    fields: dict[str, Any] = {
        "gap_id": UUID(int=1),
        "started_at": AT,
        "ended_at": AT + timedelta(seconds=5),
        "reason": GapReason.SOURCE_LOST,
        "last_stream_id": None,
        "last_sequence": None,
        **PLACE.fields(),
    }
    return GapRecord(**{**fields, **changes})


def health(condition: HealthCondition, *, raised: bool = True, **changes: Any) -> HealthRecord:
    fields: dict[str, Any] = {
        "condition": condition,
        "raised": raised,
        "changed_at": AT,
        "value": 1.0,
        "threshold": 12.0,
        **PLACE.fields(),
    }
    return HealthRecord(**{**fields, **changes})
