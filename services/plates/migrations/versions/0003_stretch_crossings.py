"""Crossings of lines at which stretches begin and end, until they are joined."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stretch_crossings",
        sa.Column("passage_id", sa.Uuid, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("stretch", sa.Text, nullable=False),
        sa.Column("camera_id", sa.Text, nullable=False),
        sa.Column("crossed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("crossing", JSONB, nullable=False),
        sa.Column("clock_u95_ms", sa.Float, nullable=False),
        sa.Column("clock_verified", sa.Boolean, nullable=False),
        sa.Column("vehicle_class", sa.Text, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("is_sure", sa.Boolean, nullable=False),
        sa.Column("passage", sa.Text, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("verdict", sa.Text),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("passage_id", "line", "stretch", name="pk_stretch_crossings"),
    )
    op.create_index(
        "ix_stretch_crossings_place", "stretch_crossings", ["camera_id", "line", "crossed_at"]
    )
    op.create_index("ix_stretch_crossings_text", "stretch_crossings", ["text", "crossed_at"])
    op.create_index("ix_stretch_crossings_due_at", "stretch_crossings", ["due_at"])
    op.create_index("ix_stretch_crossings_expires_at", "stretch_crossings", ["expires_at"])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only")
