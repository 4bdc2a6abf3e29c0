"""A condition has its reason, and both sizes of a picture that is of another one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("camera_health", sa.Column("reason", sa.Text, nullable=True))
    op.add_column("camera_health", sa.Column("found_px", JSONB, nullable=True))
    op.add_column("camera_health", sa.Column("expected_px", JSONB, nullable=True))
