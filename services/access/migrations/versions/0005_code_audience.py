"""A code is for one service. A code of a replica that names none yet is refused."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("authorization_codes", sa.Column("service", sa.Text()))


def downgrade() -> None:
    op.drop_column("authorization_codes", "service")
