"""Time-stamps of decisions, by an authority."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decision_statements", sa.Column("time_stamp", sa.Text))
    op.create_index(
        "ix_decision_statements_not_stamped",
        "decision_statements",
        ["made_at"],
        postgresql_where=sa.text("time_stamp IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_decision_statements_not_stamped", "decision_statements")
    op.drop_column("decision_statements", "time_stamp")
