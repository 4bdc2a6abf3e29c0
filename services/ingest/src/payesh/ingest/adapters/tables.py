"""Tables of ingest. Rows of streams are an index of what the object store and the bus hold."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from payesh.kit.database import new_metadata

metadata = new_metadata()


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


cameras = Table(
    "cameras",
    metadata,
    Column("camera_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("county", Text, nullable=False),
    Column("road_class", Text, nullable=False),
    Column("place_class", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("source_kind", Text, nullable=False),
    Column("source_url", Text),
    Column("source_username", Text),
    Column("source_sealed_password", Text),
    Column("revision", Integer, nullable=False),
    Column("revision_reference", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # Where a recorder resumes: the time accounted for, and the chain's last known link.
    _moment("recording_since"),
    _moment("covered_until", nullable=True),
    Column("last_link_sha256", Text),
    Column("last_stream_id", Uuid),
    Column("last_sequence", Integer),
)

revisions = Table(
    "revisions",
    metadata,
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("reference", JSONB, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("created_by", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), primary_key=True),
    Column("holder", Text),
    Column("token", BigInteger, nullable=False),
    _moment("expires_at"),
)

replicas = Table(
    "replicas",
    metadata,
    Column("holder", Text, primary_key=True),
    _moment("seen_at"),
)

segments = Table(
    "segments",
    metadata,
    Column("stream_id", Uuid, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("camera_id", Text, nullable=False),
    _moment("captured_at"),
    _moment("ended_at"),
    Column("event", JSONB, nullable=False),
    Index("ix_segments_camera_id_captured_at", "camera_id", "captured_at"),
    Index("ix_segments_captured_at", "captured_at"),
)

gaps = Table(
    "gaps",
    metadata,
    Column("gap_id", Uuid, primary_key=True),
    Column("camera_id", Text, nullable=False),
    _moment("started_at"),
    _moment("ended_at"),
    Column("reason", Text, nullable=False),
    Index("ix_gaps_camera_id_started_at", "camera_id", "started_at"),
)

camera_health = Table(
    "camera_health",
    metadata,
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), primary_key=True),
    Column("condition", Text, primary_key=True),
    Column("raised", Boolean, nullable=False),
    _moment("changed_at"),
    Column("value", Float),
    Column("threshold", Float),
    Column("reason", Text),
    Column("found_px", JSONB),
    Column("expected_px", JSONB),
)

recordings = Table(
    "recordings",
    metadata,
    Column("recording_id", Uuid, primary_key=True),
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text),
    Column("warning", Text),
    Column("object", JSONB, nullable=False),
    _moment("started_at"),
    Column("clock_u95_ms", Float, nullable=False),
    # Fixed once, when the work first starts, so that work taken up again makes the same segments.
    Column("plan", JSONB),
    Column("segment_count", Integer, nullable=False, server_default="0"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    _moment("claimed_until", nullable=True),
    Column("claim_id", Uuid),
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state_known"),
    Index("ix_recordings_state_created_at", "state", "created_at"),
)

snapshot_series = Table(
    "snapshot_series",
    metadata,
    Column("camera_id", Text, ForeignKey("cameras.camera_id"), primary_key=True),
    Column("day", Text, primary_key=True),
    Column("stream_id", Uuid, nullable=False),
    Column("next_sequence", Integer, nullable=False),
    Column("last_link_sha256", Text),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("camera_id", Text, nullable=False),
    Column("stream_id", Uuid, nullable=False),
    Column("sequence", Integer, nullable=False),
    _moment("captured_at"),
    Column("image_sha256", Text, nullable=False),
    Column("idempotency_key", Text),
    Column("event", JSONB, nullable=False),
    UniqueConstraint("stream_id", "sequence"),
    UniqueConstraint("camera_id", "image_sha256", "captured_at"),
    UniqueConstraint("camera_id", "idempotency_key"),
    Index("ix_snapshots_captured_at", "captured_at"),
)
