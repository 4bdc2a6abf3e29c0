"""The tables of plates. Reads are partitioned by day of capture."""

from sqlalchemy import Boolean, Column, DateTime, Float, Index, String, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from payesh.kit.database import new_metadata

metadata = new_metadata()

reads = Table(
    "reads",
    metadata,
    Column("passage_id", Uuid, primary_key=True),
    Column("captured_at", DateTime(timezone=True), primary_key=True),
    Column("read_id", Uuid, nullable=False),
    Column("camera_id", Text, nullable=False),
    Column("county", Text, nullable=False),
    Column("road_class", Text, nullable=False),
    Column("place_class", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("layout", Text),
    Column("text", Text),
    Column("confidence", Float, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("ix_reads_text_captured_at", "text", "captured_at"),
    Index("ix_reads_camera_id_captured_at", "camera_id", "captured_at"),
    Index("ix_reads_read_id", "read_id"),
    Index("ix_reads_expires_at", "expires_at"),
    postgresql_partition_by="RANGE (captured_at)",
)

stretch_crossings = Table(
    "stretch_crossings",
    metadata,
    Column("passage_id", Uuid, primary_key=True),
    Column("line", Text, primary_key=True),
    # Empty for the crossing itself, else the stretch that it ended: that row is judged.
    Column("stretch", Text, primary_key=True),
    Column("camera_id", Text, nullable=False),
    Column("crossed_at", DateTime(timezone=True), nullable=False),
    Column("crossing", JSONB, nullable=False),
    Column("clock_u95_ms", Float, nullable=False),
    Column("clock_verified", Boolean, nullable=False),
    Column("vehicle_class", Text, nullable=False),
    Column("text", Text),
    Column("is_sure", Boolean, nullable=False),
    Column("passage", Text, nullable=False),
    Column("traceparent", String(64)),
    Column("due_at", DateTime(timezone=True)),
    Column("verdict", Text),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("ix_stretch_crossings_place", "camera_id", "line", "crossed_at"),
    Index("ix_stretch_crossings_text", "text", "crossed_at"),
    Index("ix_stretch_crossings_due_at", "due_at"),
    Index("ix_stretch_crossings_expires_at", "expires_at"),
)
