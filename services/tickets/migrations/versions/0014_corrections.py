"""Plates corrected by one officer and read by a second one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("citations", sa.Column("correction", JSONB))
    op.add_column("citation_steps", sa.Column("plate", sa.String(32)))


def downgrade() -> None:
    op.drop_column("citation_steps", "plate")
    op.drop_column("citations", "correction")
