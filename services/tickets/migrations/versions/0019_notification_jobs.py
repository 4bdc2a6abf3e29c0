"""Owners who are still to be notified by message."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notification_jobs",
        sa.Column("citation_id", sa.Uuid, primary_key=True),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.func.now(),
        ),
        sa.Column("last_fault", sa.String(64)),
    )
    op.create_index(
        "ix_notification_jobs_next_attempt_at", "notification_jobs", ["next_attempt_at"]
    )


def downgrade() -> None:
    op.drop_table("notification_jobs")
