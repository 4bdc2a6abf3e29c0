"""A citation's evidence as the API describes it, without its bytes."""

from pydantic import BaseModel

from payesh.contracts.detect import StretchDriven
from payesh.tickets.evidence.record import EvidenceRecord


class EntryEvidenceView(BaseModel):
    """What the camera saw where the stretch of an average speed begins, and what was driven."""

    camera_id: str
    place_name: str
    clip_sha256: str
    clip_size_bytes: int
    clip_media_type: str
    codec: str | None
    duration_ms: int
    shots: int
    read_confidence: float
    driven: StretchDriven


class EvidenceView(BaseModel):
    """`viewing_copy` is null where none was made of a codec that browsers don't play; `entry` for
    all but an average speed."""

    manifest_sha256: str
    clip_sha256: str
    clip_size_bytes: int
    clip_media_type: str
    codec: str | None
    duration_ms: int
    shots: int
    viewing_copy: None = None
    entry: EntryEvidenceView | None = None

    @classmethod
    def of(cls, evidence: EvidenceRecord) -> "EvidenceView":
        entry = evidence.entry
        return cls(
            manifest_sha256=evidence.manifest.sha256,
            clip_sha256=evidence.clip.sha256,
            clip_size_bytes=evidence.clip.size_bytes,
            clip_media_type=evidence.clip.media_type,
            codec=evidence.codec,
            duration_ms=evidence.duration_ms,
            shots=len(evidence.shots),
            entry=None
            if entry is None
            else EntryEvidenceView(
                camera_id=entry.camera_id,
                place_name=entry.place_name,
                clip_sha256=entry.clip.sha256,
                clip_size_bytes=entry.clip.size_bytes,
                clip_media_type=entry.clip.media_type,
                codec=entry.codec,
                duration_ms=entry.duration_ms,
                shots=len(entry.shots),
                read_confidence=entry.read_confidence,
                driven=entry.driven,
            ),
        )
