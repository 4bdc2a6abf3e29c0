"""Tables of `detect`'s HTTP side: projections of what the observer published."""

from sqlalchemy import Column, DateTime, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from payesh.kit.database import new_metadata

metadata = new_metadata()

passages = Table(
    "passages",
    metadata,
    Column("passage_id", Uuid, primary_key=True),
    Column("captured_at", DateTime(timezone=True), nullable=False),
    Column("camera_id", Text, nullable=False),
    Column("county", Text, nullable=False),
    Column("road_class", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("ix_passages_expires_at", "expires_at"),
    Index("ix_passages_camera_id_captured_at", "camera_id", "captured_at"),
)

traffic = Table(
    "traffic",
    metadata,
    Column("stream_id", Uuid, primary_key=True),
    Column("started_at", DateTime(timezone=True), primary_key=True),
    Column("ended_at", DateTime(timezone=True), nullable=False),
    Column("camera_id", Text, nullable=False),
    Column("county", Text, nullable=False),
    Column("road_class", Text, nullable=False),
    Column("counts", JSONB, nullable=False),
    Column("lanes", JSONB, nullable=False, server_default=text("'[]'")),
    Index("ix_traffic_camera_id_started_at", "camera_id", "started_at"),
    Index("ix_traffic_started_at", "started_at"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", Uuid, primary_key=True),
    Column("camera_id", Text, nullable=False),
    Column("county", Text, nullable=False),
    Column("road_class", Text, nullable=False),
    Column("incident", Text, nullable=False),
    Column("began_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("body", JSONB, nullable=False),
    Index("ix_incidents_camera_id_began_at", "camera_id", "began_at"),
    Index("ix_incidents_began_at", "began_at"),
)
