"""A camera as a recorder is given it."""

from datetime import UTC, datetime
from typing import Any

from payesh.contracts.values import ObjectReference, RevisionReference
from payesh.ingest.workers.assignment import Assignment, Place, SourceRecord

CAMERA = "cam-1"
PLACE = Place("tehran", "highway", "A")


def assignment(**changes: Any) -> Assignment:
    digest = "0" * 64
    fields: dict[str, Any] = {
        "camera_id": CAMERA,
        "token": 1,
        "source": SourceRecord("rtsp://camera.test/", None, None),
        "place": PLACE,
        "revision": RevisionReference(
            revision=1,
            sha256=digest,
            object=ObjectReference(
                bucket="revisions", key="cam-1/1.json", version_id=None, sha256=digest,
                size_bytes=1, media_type="application/json",
            ),
        ),
        "known_until": datetime.now(UTC),
        "last_link_sha256": None,
        "last_stream_id": None,
        "last_sequence": None,
    }  # fmt: skip
    return Assignment(**{**fields, **changes})
