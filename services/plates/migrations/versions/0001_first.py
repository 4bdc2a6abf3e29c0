"""Reads, partitioned by day of capture."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from payesh.kit.migrations import create_kit_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_kit_tables(op)
    op.create_table(
        "reads",
        sa.Column("passage_id", sa.Uuid, nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_id", sa.Uuid, nullable=False),
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("county", sa.Text, nullable=False),
        sa.Column("road_class", sa.Text, nullable=False),
        sa.Column("place_class", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("layout", sa.Text),
        sa.Column("text", sa.Text),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("passage_id", "captured_at", name="pk_reads"),
        postgresql_partition_by="RANGE (captured_at)",
    )
    op.create_index("ix_reads_text_captured_at", "reads", ["text", "captured_at"])
    op.create_index("ix_reads_camera_id_captured_at", "reads", ["camera_id", "captured_at"])
    op.create_index("ix_reads_read_id", "reads", ["read_id"])
    op.create_index("ix_reads_expires_at", "reads", ["expires_at"])
    # Captures of days without a partition of their own: old recordings, wrong clocks.
    op.execute("CREATE TABLE reads_other PARTITION OF reads DEFAULT")


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only")
