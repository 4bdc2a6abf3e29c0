"""Periods in which cameras only warn."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "warning_periods",
        sa.Column("period_id", sa.Uuid, primary_key=True),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("county", sa.String(64), nullable=False),
        sa.Column("first_day", sa.String(10), nullable=False),
        sa.Column("last_day", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("begun_by", sa.String(128), nullable=False),
        sa.Column("begun_at", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("ended_at", moment),
        sa.Column("ended_by", sa.String(128)),
        sa.Column("note", sa.String(500)),
    )
    op.create_index("ix_warning_periods_camera", "warning_periods", ["camera_id", "last_day"])


def downgrade() -> None:
    op.drop_table("warning_periods")
