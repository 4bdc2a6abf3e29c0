"""The trace of a passage goes on with the stretch that it ended."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stretch_crossings", sa.Column("traceparent", sa.String(64)))


def downgrade() -> None:
    op.drop_column("stretch_crossings", "traceparent")
