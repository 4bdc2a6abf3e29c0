"""Projections of passages and traffic counts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from payesh.kit.migrations import create_kit_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_kit_tables(op)
    op.create_table(
        "passages",
        sa.Column("passage_id", sa.Uuid, nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("county", sa.Text, nullable=False),
        sa.Column("road_class", sa.Text, nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("passage_id", name="pk_passages"),
    )
    op.create_index("ix_passages_expires_at", "passages", ["expires_at"])
    op.create_table(
        "traffic",
        sa.Column("stream_id", sa.Uuid, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("county", sa.Text, nullable=False),
        sa.Column("road_class", sa.Text, nullable=False),
        sa.Column("counts", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "started_at", name="pk_traffic"),
    )
    op.create_index("ix_traffic_camera_id_started_at", "traffic", ["camera_id", "started_at"])
    op.create_index("ix_traffic_started_at", "traffic", ["started_at"])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only")
