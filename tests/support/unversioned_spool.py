"""A spool as ingest left it before its records had versions, byte for byte in form."""

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from payesh.contracts.chain import link_sha256

INIT = b"\0\0\0\x08ftypan init part"
PLACE = {"county": "tehran", "road_class": "highway", "place_class": "A"}
REVISION: dict[str, Any] = {
    "revision": 1,
    "sha256": "0" * 64,
    "object": {
        "bucket": "revisions",
        "key": "cam-1/1.json",
        "version_id": None,
        "sha256": "0" * 64,
        "size_bytes": 1,
        "media_type": "application/json",
    },
}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class UnversionedSpool:
    """Lays down `segments` segments of two seconds, one gap before them and one health change."""

    def __init__(self, folder: Path, camera_id: str, started_at: datetime, segments: int) -> None:
        self.camera_id = camera_id
        self.started_at = started_at
        self.stream_id, self.gap_id = uuid4(), uuid4()
        self._folder = folder / camera_id
        self._folder.mkdir(parents=True)
        (self._folder / f"{self.stream_id}.init").write_bytes(INIT)
        self._lay(0, "gap", self._gap())
        self.links: list[str] = []
        for sequence in range(segments):
            self._lay(
                1 + sequence, "segment", self._segment(sequence, last=sequence == segments - 1)
            )
            media = self._folder / f"{1 + sequence:012d}.m4s"
            media.write_bytes(self.media(sequence))
        changed_at = started_at.isoformat()
        condition = {"condition": "black", "raised": True, "changed_at": changed_at}
        change = {**condition, "value": 3.5, "threshold": 12.0, **PLACE}
        self._lay(1 + segments, "health", change)

    @staticmethod
    def media(sequence: int) -> bytes:
        return b"media of segment %d" % sequence

    def note_assignment(self, holder: str, token: int) -> None:
        document = {
            "holder": holder,
            "camera_id": self.camera_id,
            "token": token,
            "source": ["rtsp://camera.test/", "viewer", "sealed"],
            "place": list(PLACE.values()),
            "revision": REVISION,
            "known_until": (self.started_at - timedelta(minutes=1)).isoformat(),
            "last_link_sha256": None,
            "last_stream_id": None,
            "last_sequence": None,
            "raised": ["offline"],
        }
        (self._folder / "assignment.note").write_text(json.dumps(document))

    def note_last_stored(self, sequence: int) -> None:
        """As after a segment of the stream was stored and its sidecar became a note."""
        record = {"kind": "segment", "body": self._segment(sequence, last=False)}
        (self._folder / "last-segment.note").write_text(json.dumps(record))

    def _lay(self, ordinal: int, kind: str, body: dict[str, Any]) -> None:
        text = json.dumps({"kind": kind, "body": body})
        (self._folder / f"{ordinal:012d}.json").write_text(text)

    def _gap(self) -> dict[str, Any]:
        return {
            "gap_id": str(self.gap_id),
            "started_at": (self.started_at - timedelta(seconds=5)).isoformat(),
            "ended_at": self.started_at.isoformat(),
            "reason": "worker_stopped",
            "last_stream_id": None,
            "last_sequence": None,
            "token": 1,
            **PLACE,
        }

    def _segment(self, sequence: int, *, last: bool) -> dict[str, Any]:
        captured_at = self.started_at + timedelta(seconds=2 * sequence)
        previous = self.links[sequence - 1] if sequence else None
        link = link_sha256(
            previous_link_sha256=previous,
            stream_id=self.stream_id,
            sequence=sequence,
            captured_at=captured_at,
            duration_ms=2000,
            init_sha256=_sha256(INIT),
            media_sha256=_sha256(self.media(sequence)),
            revision_sha256=REVISION["sha256"],
            fencing_token=1,
        )
        if sequence == len(self.links):
            self.links.append(link)
        return {
            "stream_id": str(self.stream_id),
            "sequence": sequence,
            "fencing_token": 1,
            "captured_at": captured_at.isoformat(),
            "ended_at": (captured_at + timedelta(seconds=2)).isoformat(),
            "clock_source": "rtcp",
            "clock_u95_ms": 100.0,
            "duration_ms": 2000,
            "frame_count": 50,
            "repaired_timestamps": 0,
            "video": {"codec": "h264", "width_px": 64, "height_px": 64},
            "init_sha256": _sha256(INIT),
            "media_sha256": _sha256(self.media(sequence)),
            "revision": REVISION,
            "previous_link_sha256": previous,
            "link_sha256": link,
            "last_in_stream": last,
            **PLACE,
        }
