"""A client that is a device is bound to its cameras; those registered before are bound to none."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "clients",
        sa.Column("cameras", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=True),
    )


def downgrade() -> None:
    op.drop_column("clients", "cameras")
