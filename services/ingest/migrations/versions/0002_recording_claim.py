"""Each claim of a recording has an id; nullable, for an older service still claiming."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("recordings", sa.Column("claim_id", sa.Uuid, nullable=True))
