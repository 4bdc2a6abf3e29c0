"""A bundle job keeps the law's rows that priced it; nullable, for an older service still adding."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("bundle_jobs", sa.Column("law_basis", sa.Text))
