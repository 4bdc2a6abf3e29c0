"""A key of tree heads that replaces another carries the other's signature."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_tree_head_keys", sa.Column("endorsement", sa.Text()))


def downgrade() -> None:
    op.drop_column("audit_tree_head_keys", "endorsement")
