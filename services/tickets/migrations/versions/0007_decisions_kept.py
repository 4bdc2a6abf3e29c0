"""Which signed decisions lie in the object store too, under its lock."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decision_statements", sa.Column("kept_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_decision_statements_not_kept",
        "decision_statements",
        ["made_at"],
        postgresql_where=sa.text("kept_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_decision_statements_not_kept", "decision_statements")
    op.drop_column("decision_statements", "kept_at")
